package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.core.BaseConnection;

/**
 * Where an error of the JVM's has broken off the answer to a statement, the driver can take the
 * rest of it for the next one: that session is ended, and nobody uses it any more.
 */
class BrokenOffAnswersTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger runs = new AtomicInteger();

  /** What was sent on a session after that. */
  private final List<String> afterwards = Collections.synchronizedList(new ArrayList<>());

  private HikariDataSource connections;
  private long id;

  @BeforeEach
  void oneJobWithAnEffect() {
    Effects.createTable(db.ctx());
    connections = db.pool(5);
    id = db.enqueue("Fail");
  }

  @Test
  void oneOfAWorkersHandlerEndsItsSession() {
    try (Qg qg = Qg.create(failingAmidAnAnswer("effects"))) {
      WorkMap map =
          WorkMap.of(
              "Fail",
              job -> {
                runs.incrementAndGet();
                Effects.write(job.tx(), "undone");
              });
      Worker worker = Worker.builder(qg, map).build();
      assertThatThrownBy(worker::workOne).hasMessageContaining("roll back");
      await().until(() -> db.advisoryLocks() == 0);
      assertThat(worker.workOne()).isTrue();
    }
    assertThat(afterwards).isEmpty();
    assertThat(runs).as("it is not run again before its failure is recorded").hasValue(1);
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.job(id).getLastError()).contains("StackOverflowError");
    assertNoneIsMissing();
  }

  @Test
  void oneOfWhoWorksByHandEndsTheSession() {
    try (Qg qg = Qg.create(failingAmidAnAnswer("effects"))) {
      LockedJob job = qg.lockJob("").orElseThrow();
      Throwable error = catchThrowable(() -> Effects.write(job.tx(), "undone"));
      assertThat(error).isInstanceOf(StackOverflowError.class);
      assertThatThrownBy(() -> job.error(error)).hasMessageContaining("roll back");
      assertThatThrownBy(job::close).hasMessageContaining("roll back");
    }
    assertThat(afterwards).isEmpty();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertNoneIsMissing();
  }

  @Test
  void oneOfAHookEndsTheSession() {
    JobHooks hooks =
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            Effects.write(job.tx(), "undone");
          }
        };
    try (Qg qg = Qg.builder(failingAmidAnAnswer("effects")).hooks(hooks).build()) {
      WorkFunc failing =
          job -> {
            throw new IllegalStateException("the handler's own");
          };
      try (WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("Fail", failing)).build()) {
        pool.start();
        await().until(() -> db.job(id).getErrorCount() == 1);
      }
    }
    assertThat(afterwards).isEmpty();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.job(id).getLastError()).contains("the handler's own", "StackOverflowError");
    assertNoneIsMissing();
  }

  @Test
  void aHookThatIsBrokenOffEachTimeKeepsNoWorkerFromRecordingTheFailure() {
    JobHooks hooks =
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            Effects.write(job.tx(), "undone");
            throw new StackOverflowError("forced");
          }
        };
    WorkFunc failing =
        job -> {
          runs.incrementAndGet();
          throw new IllegalStateException("the handler's own");
        };
    try (Qg qg = Qg.builder(connections).hooks(hooks).build()) {
      Worker worker = Worker.builder(qg, WorkMap.of("Fail", failing)).build();
      assertThatThrownBy(worker::workOne).hasMessageContaining("roll back");
      await().until(() -> db.advisoryLocks() == 0);
      assertThat(worker.workOne()).isTrue();
      assertThat(worker.workOne()).isFalse();
    }
    assertThat(runs).hasValue(1);
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("the handler's own", "StackOverflowError");
    assertNoneIsMissing();
  }

  @Test
  void oneOfAHandlerThatAShutdownStopsEndsItsSession() throws Exception {
    CountDownLatch failing = new CountDownLatch(1);
    WorkFunc handler =
        job -> {
          try {
            Effects.write(job.tx(), "undone");
          } catch (StackOverflowError e) {
            failing.countDown();
            awaitInterrupt();
            throw new IllegalStateException("by an error", e);
          }
        };
    try (Qg qg = Qg.create(failingAmidAnAnswer("effects"))) {
      WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("Fail", handler)).build();
      pool.start();
      assertThat(failing.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(pool.shutdown(Duration.ZERO)).isFalse();
    }
    assertThat(afterwards).isEmpty();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.job(id).getErrorCount()).isZero();
    assertNoneIsMissing();
  }

  private static void awaitInterrupt() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void oneOfWhoEnqueuesEndsTheSession() {
    try (Qg qg = Qg.create(failingAmidAnAnswer("insert into"))) {
      assertThatThrownBy(() -> qg.enqueue(Job.of("Do"))).isInstanceOf(StackOverflowError.class);
      qg.enqueue(Job.of("Do"));
    }
    assertThat(afterwards).isEmpty();
    assertNoneIsMissing();
  }

  private DataSource failingAmidAnAnswer(String statement) {
    AtomicReference<Connection> broken = new AtomicReference<>();
    return Intercept.after(
        Intercept.before(
            connections,
            (connection, sql) -> {
              boolean isUsed = driver(connection) == broken.get() && !broken.get().isClosed();
              if (isUsed && !sql.equals("abort")) {
                afterwards.add(sql);
              }
            }),
        (connection, sql) -> {
          if (sql.contains(statement) && broken.get() == null) {
            broken.set(driver(connection));
            throw new StackOverflowError("forced");
          }
        });
  }

  private static Connection driver(Connection connection) throws SQLException {
    return connection.isWrapperFor(BaseConnection.class)
        ? connection.unwrap(BaseConnection.class)
        : null;
  }

  private void assertNoneIsMissing() {
    await().until(() -> connections.getHikariPoolMXBean().getActiveConnections() == 0);
  }
}
