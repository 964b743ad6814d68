package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.Plans.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The second look finds the jobs that are still there under the very keys that were locked. */
class RereadJobsTest {

  private static final long ROOM = 1_000_000;

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void readsThoseThatAreAskedForInOrder() throws SQLException {
    Connection session = db.connect();
    Plans.load(session, 5_000);
    List<JobKey> all = lock(session, 5_000);
    List<JobKey> asked = new ArrayList<>();
    for (int i = 0; i < all.size(); i += 2) {
      asked.add(all.get(i));
    }
    List<JobKey> shuffled = new ArrayList<>(asked);
    Collections.shuffle(shuffled, new Random(3));

    List<JobRow> rows = sql.rereadJobs().execute(session, "", shuffled, ROOM).rows();

    assertThat(rows).extracting(JobRow::key).isEqualTo(asked);
    assertThat(rows.get(0).type()).isEqualTo("A");
    assertThat(rows.get(0).args().data()).isEqualTo("[]");
    assertThat(rows.get(0).place())
        .isEqualTo(
            db.ctx()
                .select(QUE_JOBS.rowid().cast(String.class))
                .from(QUE_JOBS)
                .where(QUE_JOBS.JOB_ID.eq(asked.get(0).id()))
                .fetchSingle()
                .value1());
    assertThat(sql.rereadJobs().execute(session, "", List.of(), ROOM).rows()).isEmpty();
    assertThat(sql.rereadJobs().execute(session, "other", asked, ROOM).rows()).isEmpty();
    session.close();
  }

  @Test
  void leavesOutWhatIsGoneOrWasRetriedBetweenTheFirstAndTheLast() throws SQLException {
    Connection session = db.connect();
    Plans.load(session, 10);
    List<JobKey> keys = lock(session, 10);
    sql.deleteJob().execute(session, keys.get(0));
    sql.deleteJob().execute(session, keys.get(9));
    sql.deleteJob().execute(session, keys.get(5));
    // Of another session's retry, whose key is still between the others.
    sql.scheduleRetry().execute(session, keys.get(3), Duration.ofDays(-100_000), "error");

    assertThat(sql.rereadJobs().execute(session, "", keys, ROOM).rows())
        .extracting(JobRow::key)
        .isEqualTo(
            List.of(keys.get(1), keys.get(2), keys.get(4), keys.get(6), keys.get(7), keys.get(8)));
    session.close();
  }

  @Test
  void readsAsManyAsThereIsRoomForAndOneAlways() throws SQLException {
    Connection session = db.connect();
    // Stored in some hundred bytes, and in as many as they have; and what is too little to matter.
    for (String text : List.of("repeat('x', 20000)", random(20_000), random(5_000), "'x'")) {
      Plans.execute(
          session,
          "insert into que_jobs (job_class, args) values ('A', to_json((" + text + ")::text))");
    }
    List<JobKey> keys = lock(session, 10);

    assertThat(lengths(session, keys, 1)).containsExactly(20_002);
    assertThat(lengths(session, keys, 40_003)).containsExactly(20_002);
    assertThat(lengths(session, keys, 40_004)).containsExactly(20_002, 20_002);
    assertThat(lengths(session, keys, 45_006)).containsExactly(20_002, 20_002, 5_002);
    assertThat(lengths(session, keys, 45_009)).containsExactly(20_002, 20_002, 5_002, 3);
    assertThat(lengths(session, keys.subList(2, 4), 1)).containsExactly(5_002);
    assertThat(lengths(session, keys.subList(3, 4), 1)).containsExactly(3);
    assertThat(isCut(session, keys, 45_008)).isTrue();
    assertThat(isCut(session, keys, 45_009)).isFalse();
    sql.deleteJob().execute(session, keys.get(3));
    assertThat(isCut(session, keys, 45_006)).as("the last one is gone").isFalse();
    session.close();
  }

  @Test
  void readsTheNextOneWhereWhatThereWasRoomForIsGoneMeanwhile() throws SQLException {
    Plans.execute(
        db.connect(),
        "insert into que_jobs (job_class, args) select 'A', to_json(repeat('x', 50000 + i))"
            + " from generate_series(1, 3) i");
    AtomicInteger reads = new AtomicInteger();
    Connection session =
        Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (sql.contains("pg_column_size") && reads.incrementAndGet() == 2) {
                    db.ctx().execute("delete from que_jobs where job_id = 1");
                  }
                })
            .getConnection();
    List<JobKey> keys = lock(session, 3);

    assertThat(lengths(session, keys, 1)).containsExactly(50_004);
    sql.unlockJobs().execute(session, keys.stream().map(JobKey::id).toList());
    session.close();
  }

  private boolean isCut(Connection session, List<JobKey> keys, long room) {
    return sql.rereadJobs().execute(session, "", keys, room).isCut();
  }

  private List<Integer> lengths(Connection session, List<JobKey> keys, long room) {
    return sql.rereadJobs().execute(session, "", keys, room).rows().stream()
        .map(row -> row.args().data().length())
        .toList();
  }

  private static String random(int length) {
    return "(select left(string_agg(md5(i::text), ''), "
        + length
        + ") from generate_series(1, "
        + length / 32
        + 1
        + ") i)";
  }

  @Test
  void readsTheIndexInItsOrderWhateverThePlannerKnows() throws SQLException {
    Connection connection = db.connect();
    List<String> plans = new ArrayList<>();
    for (int jobs : new int[] {0, 1_000, 1_000_000}) {
      Plans.load(connection, jobs);
      plans.addAll(plans(connection));
      Plans.execute(connection, "vacuum analyze que_jobs");
      plans.addAll(plans(connection));
    }
    assertThat(plans)
        .hasSize(12)
        .allSatisfy(
            plan ->
                assertThat(plan)
                    .containsPattern("Index Scan using que_jobs_pkey on que_jobs ")
                    .containsPattern("Index Cond: .*queue = .*priority = .*>= ROW.*<= ROW")
                    .contains("hashed SubPlan")
                    .doesNotContain("Sort")
                    .doesNotContain("Seq Scan"));
  }

  private static List<String> plans(Connection connection) throws SQLException {
    JobKey key = new JobKey("", (short) 1, OffsetDateTime.MAX, 1);
    Query query =
        new Query(
            Sent.by(c -> new RereadJobs(new Renderer(null)).execute(c, "", List.of(key), 1)),
            List.of(
                "int2[]",
                "timestamptz[]",
                "int8[]",
                "timestamptz[]",
                "int8[]",
                "int4",
                "int4",
                "varchar",
                "int8[]"),
            List.of(
                "'{1,200}'",
                "'{-infinity,-infinity}'",
                "'{1,1}'",
                "'{now,now}'",
                "'{1000000,1000000}'",
                "8192",
                "8192",
                "''",
                "'{1,2,3}'"));
    return List.of(
        Plans.explain(connection, "force_custom_plan", query),
        Plans.explain(connection, "force_generic_plan", query));
  }

  private List<JobKey> lock(Connection session, int count) {
    return sql.lockJobs().execute(session, "", count, List.of(), null);
  }
}
