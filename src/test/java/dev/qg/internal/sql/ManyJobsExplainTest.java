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
import org.jooq.JSON;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A thousand jobs are found among a million by a thousand places or keys, and not by reading the
 * table, whatever the planner knows of it. The plan is not kept: one from when the table was empty
 * would read all of it.
 */
class ManyJobsExplainTest {

  private static final Renderer RENDERER = new Renderer(null);
  private static final JobKey KEY = new JobKey("", (short) 1, OffsetDateTime.MAX, 1);
  private static final JobRow ROW = new JobRow(KEY, "A", JSON.json("[]"), 0, null, "(0,1)");

  private static final List<String> TYPES = List.of("varchar", "int2[]", "timestamptz[]", "int8[]");
  private static final List<String> KEYS =
      List.of("''", thousand("1"), thousand("2026-01-01"), thousand("1"));

  private static final Query BY_PLACE =
      new Query(
          Sent.by(c -> new DeleteJobs(RENDERER).execute(c, List.of(ROW))),
          concat(TYPES, List.of("text[]")),
          concat(KEYS, List.of("array_fill('(0,1)'::text, '{1000}')")));
  private static final Query BY_KEY =
      new Query(Sent.by(c -> new DeleteJobsByKey(RENDERER).execute(c, List.of(KEY))), TYPES, KEYS);
  private static final Query RETRIES =
      new Query(
          Sent.by(
              c ->
                  new ScheduleRetries(RENDERER)
                      .execute(c, List.of(new Retry(KEY, Duration.ZERO, "")))),
          concat(TYPES, List.of("float8[]", "text[]")),
          concat(KEYS, List.of(thousand("1"), thousand("error"))));

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection connection;

  @BeforeEach
  void connect() {
    connection = db.connect();
  }

  @Test
  void looksIntoThePlacesOrProbesTheIndex() throws SQLException {
    List<String> byPlace = new ArrayList<>();
    List<String> byKey = new ArrayList<>();
    Step explain =
        () -> {
          byPlace.add(plan(BY_PLACE));
          byKey.add(plan(BY_KEY));
          byKey.add(plan(RETRIES));
        };
    // Never analysed, and so small that keys would not be looked up in the index yet.
    Plans.load(connection, 3_000);
    byPlace.add(plan(BY_PLACE));
    Plans.execute(connection, "truncate que_jobs");
    Plans.execute(connection, "vacuum analyze que_jobs");
    Plans.load(connection, 1_000_000);
    explain.run();
    Plans.execute(connection, "vacuum analyze que_jobs");
    explain.run();
    // All of its pages are still there.
    Plans.execute(connection, "delete from que_jobs where job_id < 1000000");
    Plans.execute(connection, "vacuum analyze que_jobs");
    explain.run();
    Plans.load(connection, 20_000);
    Plans.execute(connection, "vacuum full que_jobs");
    explain.run();

    assertThat(byPlace).hasSize(5).allSatisfy(ManyJobsExplainTest::looksIntoThePlaces);
    assertThat(byKey).hasSize(8).allSatisfy(ManyJobsExplainTest::probesTheIndex);
  }

  private interface Step {
    void run() throws SQLException;
  }

  private static void looksIntoThePlaces(String plan) {
    assertThat(plan)
        .contains("Nested Loop")
        .containsPattern("Tid Scan on que_jobs.*\n +TID Cond: .*ctid = key.place.*\n +Filter: ")
        .containsPattern("Filter: .*queue.* AND .*priority.* AND .*run_at.* AND .*job_id")
        .doesNotContain("Seq Scan")
        .doesNotContain("Index")
        .doesNotContain("Join")
        .doesNotContain("Sort");
  }

  private static void probesTheIndex(String plan) {
    assertThat(plan)
        .contains("Nested Loop")
        .containsPattern("Index Scan using que_jobs_pkey on que_jobs.*\n +Index Cond:")
        .containsPattern("queue = .*priority = .*run_at = .*job_id = ")
        .doesNotContain("Seq Scan")
        .doesNotContain("Join")
        .doesNotContain("Sort");
  }

  @Test
  void keepsNoPlanOnTheSession() throws SQLException {
    for (int i = 0; i < 8; i++) {
      new DeleteJobs(RENDERER).execute(connection, List.of(ROW));
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

  private String plan(Query query) throws SQLException {
    return Plans.explain(connection, "force_custom_plan", query);
  }

  private static String thousand(String value) {
    return Stream.generate(() -> value).limit(1_000).collect(joining(",", "'{", "}'"));
  }

  private static List<String> concat(List<String> a, List<String> b) {
    return Stream.concat(a.stream(), b.stream()).toList();
  }
}
