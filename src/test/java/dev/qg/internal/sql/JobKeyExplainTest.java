package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.Plans.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What ends a job finds it by its key, among a million others. */
class JobKeyExplainTest {

  private static final List<String> KEY_TYPES = List.of("varchar", "int2", "timestamptz", "int8");
  private static final List<String> KEY_VALUES = List.of("''", "1", "now()", "1");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void findsTheJobByThePrimaryKey() throws SQLException {
    Connection connection = db.connect();
    Plans.load(connection, 1_000_000);
    Plans.execute(
        connection,
        "insert into qg_dead_jobs select job_id, priority, run_at, job_class, args, error_count,"
            + " last_error, queue from que_jobs limit 100000");
    List<String> plans = new ArrayList<>(keyPlans(connection));
    Plans.execute(connection, "analyze");
    plans.addAll(keyPlans(connection));

    assertThat(plans)
        .hasSize(16)
        .allSatisfy(
            plan ->
                assertThat(plan).doesNotContain("Seq Scan on q").containsPattern("Index.*_pkey"));
  }

  private static List<String> keyPlans(Connection connection) throws SQLException {
    Renderer renderer = new Renderer(null);
    JobKey key = new JobKey("", (short) 1, OffsetDateTime.MAX, 1);
    List<Query> queries =
        List.of(
            new Query(
                Sent.whereTheDriverIsHidden(c -> new DeleteJob(renderer).execute(c, key)),
                KEY_TYPES,
                KEY_VALUES),
            new Query(
                Sent.whereTheDriverIsHidden(
                    c -> new ScheduleRetry(renderer).execute(c, key, Duration.ZERO, "error")),
                concat(List.of("float8", "varchar"), KEY_TYPES),
                concat(List.of("3", "'error'"), KEY_VALUES)),
            new Query(
                Sent.whereTheDriverIsHidden(c -> new BuryJob(renderer).execute(c, key, "error")),
                concat(KEY_TYPES, List.of("varchar")),
                concat(KEY_VALUES, List.of("'error'"))),
            new Query(
                Sent.by(c -> new ReviveJobs(renderer).execute(c, List.of(1L))),
                List.of("int8[]"),
                List.of("'{1}'")));
    List<String> plans = new ArrayList<>();
    for (String mode : List.of("force_custom_plan", "force_generic_plan")) {
      for (Query query : queries) {
        plans.add(Plans.explain(connection, mode, query));
      }
    }
    return plans;
  }

  private static List<String> concat(List<String> a, List<String> b) {
    List<String> all = new ArrayList<>(a);
    all.addAll(b);
    return all;
  }
}
