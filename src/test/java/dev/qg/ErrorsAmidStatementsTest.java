package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An error of the JVM's, such as that there is no memory, can break off anything: it commits
 * nothing of its job, takes no connection from the pool for good, and nobody goes on with a session
 * whose answers may be half read.
 */
class ErrorsAmidStatementsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger runs = new AtomicInteger();
  private final Queue<String> unbroken = new ConcurrentLinkedQueue<>();

  private HikariDataSource connections;
  private long id;

  @BeforeEach
  void oneJobWithAnEffect() {
    Effects.createTable(db.ctx());
    connections = db.pool(5);
    id = db.enqueue("Fail");
  }

  @Test
  void aRollbackThatFailsByOneCommitsNothing() {
    try (Qg qg = failingBefore("rollback")) {
      work(qg, writingAndFailing());
    }
    assertThat(unbroken).isEmpty();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(runs).hasValue(1);
    assertThat(db.job(id).getLastError()).contains("the handler's own");
    assertNoneIsMissing();
  }

  @Test
  void aTransactionThatCanNotBeginKeepsNoConnection() {
    try (Qg qg = failingBefore("begin")) {
      work(qg, writingAndFailing());
    }
    assertThat(unbroken).isEmpty();
    assertNoneIsMissing();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pg_try_advisory_lock", "pg_advisory_unlock(pg_catalog.unnest"})
  void aJobThatIsWorkedByHandKeepsNoConnection(String statement) {
    try (Qg qg = failingBefore(statement)) {
      try {
        qg.lockJob("").orElseThrow().close();
      } catch (OutOfMemoryError e) {
        assertThat(e).hasMessage("forced");
      }
      assertThat(unbroken).isEmpty();
      assertNoneIsMissing();
      await().until(() -> db.advisoryLocks() == 0);
    }
  }

  @Test
  void manyEndsThatWereWrittenBeforeOneAreToldAsWhatTheyAre() {
    int jobs = 20;
    db.ctx().deleteFrom(QUE_JOBS).execute();
    db.qg().enqueueAll(Collections.nCopies(jobs, Job.of("Do")));
    CountDownLatch allRun = new CountDownLatch(jobs);
    AtomicBoolean isWritten = new AtomicBoolean();
    DataSource waiting =
        Intercept.before(
            connections,
            (connection, sql) -> {
              if (Sql.deletes(sql)) {
                awaitAll(allRun);
              }
            });
    DataSource failing =
        Intercept.after(
            waiting,
            (connection, sql) -> {
              boolean ofMany = Sql.deletes(sql) && sql.contains("unnest");
              if (ofMany && !isWritten.getAndSet(true)) {
                throw new OutOfMemoryError("forced");
              }
            });
    try (Qg qg = Qg.create(failing);
        WorkerPool pool =
            WorkerPool.builder(qg, WorkMap.of("Do", job -> allRun.countDown())).build()) {
      pool.start();
      await().until(() -> pool.snapshot().worked() == jobs);
      assertThat(pool.snapshot().lost()).isZero();
    }
    assertThat(isWritten).isTrue();
    assertThat(db.jobs()).isEmpty();
    assertNoneIsMissing();
  }

  private static void awaitAll(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aSessionThatCanNotBeEndedAtOnceIsNotGivenToOthersAlive() {
    try (Qg qg = failingBefore("pg_advisory_unlock(pg_catalog.unnest", "abort")) {
      qg.lockJob("").orElseThrow().close();
      assertThat(unbroken).isEmpty();
      assertNoneIsMissing();
      await().until(() -> db.advisoryLocks() == 0);
    }
  }

  private WorkFunc writingAndFailing() {
    return job -> {
      runs.incrementAndGet();
      Effects.write(job.tx(), "undone");
      throw new IllegalStateException("the handler's own");
    };
  }

  private void work(Qg qg, WorkFunc handler) {
    try (WorkerPool pool =
        WorkerPool.builder(qg, WorkMap.of("Fail", handler))
            .count(1)
            .interval(Duration.ofMillis(50))
            .build()) {
      pool.start();
      await().until(() -> db.job(id).getErrorCount() == 1);
    }
  }

  /** Before each of these once. */
  private Qg failingBefore(String... statements) {
    unbroken.addAll(List.of(statements));
    return Qg.create(
        Intercept.before(
            connections,
            (connection, sql) -> {
              if (unbroken.removeIf(sql::contains)) {
                throw new OutOfMemoryError("forced");
              }
            }));
  }

  private void assertNoneIsMissing() {
    await().until(() -> connections.getHikariPoolMXBean().getActiveConnections() == 0);
  }
}
