package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.InThread;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The place of a row is where a job is looked for first; its key alone decides. */
class DeleteJobsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final Statements sql = Statements.of(null);

  /** What was sent on {@link #observed}. */
  private final List<String> sent = new ArrayList<>();

  private Connection connection;
  private Connection observed;

  @BeforeEach
  void connect() throws SQLException {
    connection = db.connect();
    observed =
        db.closeLater(
            Intercept.before(db.dataSource(), (any, statement) -> sent.add(statement))
                .getConnection());
  }

  @Test
  void findsTheRowsOfEachQueueInTheirPlaces() throws SQLException {
    Plans.load(connection, 600);
    Plans.execute(connection, "update que_jobs set queue = 'q' || job_id % 3");
    List<JobRow> rows = Rows.all(connection);

    assertThat(delete(rows)).isEqualTo(Rows.ids(rows));
    assertThat(db.jobs()).isEmpty();
    assertThat(sent).hasSize(3).allMatch(DeleteJobsTest::isByPlace);
  }

  @Test
  void findsARowThatWasUpdatedSinceItWasRead() throws SQLException {
    List<JobRow> rows = jobs(100);
    Plans.execute(connection, "update que_jobs set args = '[1]' where job_id % 10 = 0");

    assertThat(delete(rows)).isEqualTo(Rows.ids(rows));
    assertThat(db.jobs()).isEmpty();
    assertThat(sent).hasSize(2).first().matches(DeleteJobsTest::isByPlace);
    assertThat(sent).last().matches(not(DeleteJobsTest::isByPlace));
  }

  @Test
  void findsRowsThatWereMovedTogether() throws SQLException {
    Plans.load(connection, 1_000);
    Plans.execute(connection, "delete from que_jobs where job_id <= 900");
    List<JobRow> rows = Rows.all(connection);
    Plans.execute(connection, "vacuum full que_jobs");
    // The table has become so short that the old places are behind its end.
    assertThat(db.ctx().fetchSingle("select pg_relation_size('que_jobs')").get(0, int.class))
        .isEqualTo(8_192);
    assertThat(rows).noneMatch(row -> row.place().matches("\\(0,.*"));

    assertThat(delete(rows)).isEqualTo(Rows.ids(rows));
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void leavesARetriedJobAndTheJobThatIsInItsPlaceNow() throws SQLException {
    JobRow retried = jobs(1).get(0);
    sql.scheduleRetry().execute(connection, retried.key(), Duration.ZERO, "error");
    long other = enqueueInto(retried.place());

    assertThat(delete(List.of(retried))).isEmpty();
    assertThat(db.jobs())
        .extracting(job -> job.getJobId())
        .containsExactlyInAnyOrder(retried.key().id(), other);
  }

  @Test
  void tellsNothingOfALostJobWhosePlaceIsAnothersNow() throws SQLException {
    JobRow lost = jobs(1).get(0);
    sql.deleteJob().execute(connection, lost.key());
    long other = enqueueInto(lost.place());
    JobRow its = Rows.all(connection).get(0);

    assertThat(delete(List.of(lost))).isEmpty();
    assertThat(db.job(other).getJobId()).isEqualTo(other);
    assertThat(delete(List.of(lost, its))).containsExactly(other);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void waitsForWhoeverIsUpdatingARow() throws SQLException {
    List<JobRow> rows = jobs(3);
    JobRow updated = rows.get(1);
    JobRow retried = rows.get(2);
    Connection other = db.connect();
    other.setAutoCommit(false);
    Plans.execute(other, "update que_jobs set args = '[1]' where job_id = " + updated.key().id());
    sql.scheduleRetry().execute(other, retried.key(), Duration.ofHours(1), "error");
    Set<Long> deleted = new HashSet<>();
    try (InThread deletion = InThread.start("deletion", () -> deleted.addAll(delete(rows)))) {
      await()
          .until(
              () -> db.ctx().fetchCount(DSL.table("pg_locks"), DSL.condition("not granted")) == 1);
      assertThat(deletion.isAlive()).isTrue();
      other.commit();
    }

    assertThat(deleted).isEqualTo(Rows.ids(rows.subList(0, 2)));
    assertThat(db.jobs()).extracting(job -> job.getJobId()).containsExactly(retried.key().id());
  }

  /** Enqueues a job of which the row lies where another one's was. */
  private long enqueueInto(String place) throws SQLException {
    Plans.execute(connection, "vacuum que_jobs");
    long id = db.enqueue("B");
    assertThat(
            db.ctx()
                .select(QUE_JOBS.rowid().cast(String.class))
                .from(QUE_JOBS)
                .where(QUE_JOBS.JOB_ID.eq(id))
                .fetchSingle()
                .value1())
        .isEqualTo(place);
    return id;
  }

  private List<JobRow> jobs(int count) throws SQLException {
    Plans.load(connection, count);
    return Rows.all(connection);
  }

  private Set<Long> delete(List<JobRow> rows) {
    return sql.deleteJobs().execute(observed, rows);
  }

  private static boolean isByPlace(String statement) {
    return statement.startsWith("delete ") && statement.contains("ctid operator(pg_catalog.=) ");
  }
}
