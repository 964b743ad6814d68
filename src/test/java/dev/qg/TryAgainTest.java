package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A job that somebody else did between the snapshot that found it and the lock on it is not given
 * out; after ten of them in a row the caller is told to try again.
 */
class TryAgainTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger races = new AtomicInteger();
  private HikariDataSource pool;
  private Qg qg;
  private DSLContext other;

  /** Deletes the job that has just been locked, from another session, so many times. */
  @BeforeEach
  void raceAfterEachLock() {
    pool = db.pool(1);
    other = db.session();
    AtomicInteger locks = new AtomicInteger();
    qg =
        db.closeLater(
            Qg.create(
                Intercept.statements(
                    pool,
                    (connection, sql) -> {
                      if (locks.getAndSet(sql.contains("pg_try_advisory_lock") ? 1 : 0) == 1
                          && races.getAndDecrement() > 0) {
                        assertThat(deleteWhatIsLocked()).isEqualTo(1);
                      }
                    })));
  }

  @Test
  void givesTheNextJobInstead() {
    long first = db.enqueue("MyJob");
    long second = db.enqueue("MyJob");
    races.set(1);

    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(job.id()).isEqualTo(second).isNotEqualTo(first);
      assertThat(db.advisoryLocks()).isEqualTo(1);
    }
  }

  @Test
  void givesNothingIfTheLastJobWasLost() {
    db.enqueue("MyJob");
    races.set(1);

    assertThat(qg.lockJob("")).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void goesOnThroughNineLostJobs() {
    List<Long> ids = enqueue(12);
    races.set(9);

    try (LockedJob job = qg.lockJob("mail").orElseThrow()) {
      assertThat(job.id()).isEqualTo(ids.get(9));
    }
  }

  @Test
  void tellsTheCallerToTryAgainAfterTenLostJobs() {
    List<Long> ids = enqueue(12);
    races.set(10);

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

  @Test
  void doesNotGiveOutAJobThatWasRetriedMeanwhile() {
    long id = db.enqueue("MyJob");
    AtomicInteger locks = new AtomicInteger();
    try (Qg racing =
        Qg.create(
            Intercept.statements(
                pool,
                (connection, sql) -> {
                  if (locks.getAndSet(sql.contains("pg_try_advisory_lock") ? 1 : 0) == 1) {
                    // What any client of the table does to a job that failed.
                    other.execute(
                        "update que_jobs set run_at = now() + interval '1 hour',"
                            + " error_count = error_count + 1");
                  }
                }))) {
      assertThat(racing.lockJob("")).isEmpty();
    }
    assertThat(db.job(id).getErrorCount()).isEqualTo(1);
  }

  private List<Long> enqueue(int count) {
    return db.qg()
        .enqueueAll(
            IntStream.range(0, count)
                .mapToObj(i -> Job.of("MyJob").withQueue("mail").withPriority(i))
                .toList());
  }

  private int deleteWhatIsLocked() {
    return other
        .deleteFrom(QUE_JOBS)
        .where("job_id in (select objid::bigint from pg_locks where locktype = 'advisory')")
        .execute();
  }
}
