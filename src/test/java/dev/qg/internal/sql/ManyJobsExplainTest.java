package dev.qg.internal.sql;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.Plans.Query;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A thousand jobs are found among a million by a thousand keys, and not by reading the table,
 * whatever the planner knows of it. The plan is not kept: one from when the table was empty would
 * read all of it.
 */
class ManyJobsExplainTest {

  private static final Renderer RENDERER = new Renderer(null);
  private static final JobKey KEY = new JobKey("", (short) 1, OffsetDateTime.MAX, 1);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection connection;

  @BeforeEach
  void emptyTableThatThePlannerKnowsIsEmpty() throws SQLException {
    connection = db.connect();
    Plans.load(connection, 0);
    Plans.execute(connection, "vacuum analyze que_jobs");
  }

  @Test
  void probesTheIndexForEachKey() throws SQLException {
    Plans.load(connection, 1_000_000);
    List<String> plans = new ArrayList<>(plans());
    Plans.execute(connection, "vacuum analyze que_jobs");
    plans.addAll(plans());
    Plans.execute(connection, "delete from que_jobs where job_id > 20000");
    Plans.execute(connection, "vacuum full que_jobs");
    plans.addAll(plans());

    assertThat(plans)
        .hasSize(6)
        .allSatisfy(
            plan ->
                assertThat(plan)
                    .contains("Nested Loop")
                    .containsPattern("Index Scan using que_jobs_pkey on que_jobs.*\n +Index Cond:")
                    .containsPattern("queue = .*priority = .*run_at = .*job_id = ")
                    .doesNotContain("Seq Scan")
                    .doesNotContain("Join")
                    .doesNotContain("Sort"));
  }

  @Test
  void keepsNoPlanOnTheSession() throws SQLException {
    for (int i = 0; i < 8; i++) {
      new DeleteJobs(RENDERER).execute(connection, List.of(KEY));
      new ScheduleRetries(RENDERER).execute(connection, List.of(new Retry(KEY, Duration.ZERO, "")));
    }
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) from pg_prepared_statements where statement like '%que_jobs%'")) {
      assertThat(row.next()).isTrue();
      assertThat(row.getInt(1)).isZero();
    }
  }

  private List<String> plans() throws SQLException {
    List<String> types = List.of("varchar", "int2[]", "timestamptz[]", "int8[]");
    List<String> keys = List.of("''", thousand("1"), thousand("2026-01-01"), thousand("1"));
    List<String> plans = new ArrayList<>();
    for (Query query :
        List.of(
            new Query(Sent.by(c -> new DeleteJobs(RENDERER).execute(c, List.of(KEY))), types, keys),
            new Query(
                Sent.by(
                    c ->
                        new ScheduleRetries(RENDERER)
                            .execute(c, List.of(new Retry(KEY, Duration.ZERO, "")))),
                concat(types, List.of("float8[]", "text[]")),
                concat(keys, List.of(thousand("1"), thousand("error")))))) {
      plans.add(Plans.explain(connection, "force_custom_plan", query));
    }
    return plans;
  }

  private static String thousand(String value) {
    return Stream.generate(() -> value).limit(1_000).collect(joining(",", "'{", "}'"));
  }

  private static List<String> concat(List<String> a, List<String> b) {
    return Stream.concat(a.stream(), b.stream()).toList();
  }
}
