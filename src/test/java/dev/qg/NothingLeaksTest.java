package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Where a job's transaction can't begin or its lock can't be released, the lock and the connection
 * are given back all the same, and the error is recorded, thrown or logged.
 */
class NothingLeaksTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();
  private volatile Predicate<String> refusedOnce = NothingLeaksTest::never;
  private HikariDataSource pool;
  private DataSource unlucky;
  private Qg qg;
  private long id;

  @BeforeEach
  void createClientThatIsRefusedOneStatement() {
    Effects.createTable(db.ctx());
    id = db.enqueue("Write");
    useConnections(1);
  }

  private void useConnections(int count) {
    pool = db.pool(count);
    unlucky =
        Intercept.before(
            pool,
            (connection, sql) -> {
              if (refusedOnce.test(sql)) {
                refusedOnce = NothingLeaksTest::never;
                throw new SQLException("refused: " + sql);
              }
            });
    qg = Qg.create(unlucky);
  }

  @Test
  void whereTheTransactionOfAHandlerCannotBegin() {
    refusedOnce = Sql::begins;

    assertThat(writer().workOne()).isTrue();

    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("Can't begin a transaction: refused");
    assertThat(logs.events("job_failed")).hasSize(1);
    assertLockAndConnectionAreBack();
  }

  @Test
  void whereTheTransactionOfAJobThatIsGivenUpCannotBegin() {
    refusedOnce = Sql::begins;
    RetryPolicy once = RetryPolicy.builder().maxAttempts(1).build();
    try (Qg mortal = Qg.builder(unlucky).retryPolicy(once).build();
        LockedJob job = mortal.lockJob("").orElseThrow()) {
      job.error("the last one");
    }

    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("Can't begin a transaction", "the last one");
    assertThat(logs.alarms("burial_failed")).hasSize(1);
    assertLockAndConnectionAreBack();
  }

  @Test
  void whereTheTransactionOfAJobWorkedByHandCannotBegin() {
    refusedOnce = Sql::begins;
    LockedJob job = qg.lockJob("").orElseThrow();

    assertThatThrownBy(job::tx)
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("Can't begin a transaction: refused");
    job.done();

    assertThat(db.job(id).getErrorCount()).isZero();
    assertLockAndConnectionAreBack();
  }

  @Test
  void whereTheLockOfAWorkedJobCannotBeReleased() {
    refusedOnce = Sql::unlocks;

    assertThat(writer().workOne()).isTrue();

    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("run 1");
    assertUnlockFailed();
    assertLockAndConnectionAreBack();
  }

  @Test
  void whereTheLockOfAFailedJobCannotBeReleased() {
    refusedOnce = Sql::unlocks;
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      job.error("broken");
    }

    assertThat(db.job(id).getLastError()).isEqualTo("broken");
    assertUnlockFailed();
    assertLockAndConnectionAreBack();
  }

  @Test
  void whereAPoolGoesOnAfterALockThatCannotBeReleased() {
    db.enqueue("Write");
    refusedOnce = Sql::unlocks;
    useConnections(4);
    WorkMap workMap = WorkMap.of("Write", this::write);
    try (WorkerPool workers =
        WorkerPool.builder(qg, workMap).count(1).interval(Duration.ofMillis(50)).build()) {
      workers.start();
      await().until(() -> db.jobs().isEmpty());
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("run 1", "run 2");
    assertUnlockFailed();
    assertLockAndConnectionAreBack();
  }

  private static boolean never(String sql) {
    return false;
  }

  private Worker writer() {
    return Worker.builder(qg, WorkMap.of("Write", this::write)).build();
  }

  private void write(LockedJob job) {
    Effects.write(job.tx(), "run " + runs.incrementAndGet());
  }

  private void assertUnlockFailed() {
    assertThat(logs.alarms("unlock_failed"))
        .singleElement()
        .satisfies(
            entry ->
                assertThat(entry.getThrowableProxy().getMessage())
                    .contains("refused", "pg_advisory_unlock"));
  }

  private void assertLockAndConnectionAreBack() {
    // The server needs a moment to notice that a session was ended.
    await().untilAsserted(() -> assertThat(db.advisoryLocks()).isZero());
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    assertThat(qg.stats()).hasSameSizeAs(db.jobs());
  }
}
