package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A job that others did between the lock query's snapshot and its lock is not given out and does
 * not run again; after ten of them in a row the caller is told to try again.
 */
class LockThenLookAgainTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private int races;
  private LongConsumer othersDo;
  private HikariDataSource pool;
  private Qg qg;

  /** After each of the first locks, another session does the job that was locked. */
  @BeforeEach
  void raceAfterEachLock() {
    othersDo = id -> db.ctx().deleteFrom(QUE_JOBS).where(QUE_JOBS.JOB_ID.eq(id)).execute();
    pool = db.pool(1);
    qg =
        Qg.create(
            Intercept.before(
                pool,
                (connection, sql) -> {
                  if (Sql.rereads(sql) && races > 0) {
                    races--;
                    othersDo.accept(lockedId());
                  }
                }));
  }

  @Test
  void aWorkerReleasesTheLockOfAJobThatIsGoneAndTakesTheNext() {
    long gone = db.enqueue("A");
    long next = db.enqueue("A");
    races = 1;
    List<Long> worked = new ArrayList<>();
    WorkMap workMap =
        WorkMap.of(
            "A",
            job -> {
              worked.add(job.id());
              assertThat(db.advisoryLocks()).as("the lock of %s is released", gone).isOne();
            });

    assertThat(Worker.builder(qg, workMap).build().workOne()).isTrue();

    assertThat(worked).containsExactly(next);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void givesNothingIfTheLastJobWasLost() {
    db.enqueue("A");
    races = 1;

    assertThat(qg.lockJob("")).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void doesNotGiveOutAJobThatWaitsForItsRetryMeanwhile() {
    long id = db.enqueue("A");
    races = 1;
    // What any client of the table does to a job that failed.
    othersDo =
        failed ->
            db.ctx()
                .execute(
                    "update que_jobs set run_at = now() + interval '1 hour',"
                        + " error_count = error_count + 1 where job_id = ?",
                    failed);

    assertThat(qg.lockJob("")).isEmpty();
    assertThat(db.job(id).getErrorCount()).isOne();
  }

  @Test
  void goesOnThroughNineLostJobs() {
    List<Long> ids = enqueue(12);
    races = 9;

    try (LockedJob job = qg.lockJob("mail").orElseThrow()) {
      assertThat(job.id()).isEqualTo(ids.get(9));
      assertThat(db.advisoryLocks()).isOne();
    }
  }

  @Test
  void tellsTheCallerToTryAgainAfterTenLostJobs() {
    List<Long> ids = enqueue(12);
    races = 10;

    assertThatThrownBy(() -> qg.lockJob("mail"))
        .isInstanceOf(TryAgainException.class)
        .isInstanceOf(QgException.class)
        .hasMessageContainingAll("10 jobs", "\"mail\"", "try again");
    assertThat(db.advisoryLocks()).isZero();
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();

    try (LockedJob job = qg.lockJob("mail").orElseThrow()) {
      assertThat(job.id()).isEqualTo(ids.get(10));
    }
  }

  private List<Long> enqueue(int count) {
    return db.qg()
        .enqueueAll(
            IntStream.range(0, count)
                .mapToObj(i -> Job.of("A").withQueue("mail").withPriority(i))
                .toList());
  }

  private long lockedId() {
    return db.ctx()
        .fetchSingle(
            """
            select objid::bigint
            from pg_locks join pg_database on pg_database.oid = database
            where locktype = 'advisory' and datname = current_database()
            """)
        .get(0, Long.class);
  }
}
