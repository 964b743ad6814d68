package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.InThread;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * That connections are sessions is seen before the first job, and once only; and while a database
 * that is away keeps one worker waiting for that, neither do the others wait nor a shutdown.
 */
class SessionCheckTest {

  private static final WorkFunc NOTHING = job -> {};

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();
  private final WorkMap workMap = WorkMap.of("Do", job -> runs.incrementAndGet());

  @Test
  void noWorkerWaitsForAnotherThatWaitsForItsFirstConnection() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch given = new CountDownLatch(1);
    Qg qg = Qg.create(givingTheFirstLater(db.dataSource(), asked, given));
    try (InThread first = InThread.start("first", Worker.builder(qg, workMap).build()::workOne)) {
      first.await(asked);
      db.enqueue("Do");
      try (InThread second =
          InThread.start("second", Worker.builder(qg, workMap).build()::workOne)) {
        second.join();
        assertThat(runs).hasValue(1);
      } finally {
        given.countDown();
      }
    }
  }

  @Test
  void anInterruptEndsAWorkerThatWaitsForAnotherWhichComparesConnections() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch given = new CountDownLatch(1);
    DataSource opaque =
        new DelegatingDataSource(db.dataSource()) {
          @Override
          public Connection getConnection() throws SQLException {
            return Intercept.opaque(super.getConnection());
          }
        };
    AtomicInteger connections = new AtomicInteger();
    Qg qg =
        Qg.create(
            new DelegatingDataSource(opaque) {
              @Override
              public Connection getConnection() throws SQLException {
                // The one to compare with.
                if (connections.incrementAndGet() == 3) {
                  waitFor(asked, given);
                }
                return super.getConnection();
              }
            });
    Worker waiting = Worker.builder(qg, workMap).build();
    try (InThread first = InThread.start("first", Worker.builder(qg, workMap).build()::workOne)) {
      first.await(asked);
      InThread second = InThread.start("second", () -> assertThatThrownBy(waiting::workOne));
      second.awaitParkedIn("dev.qg.internal.work.SessionCheck").interrupt();
      assertThat(second.endedInterrupted()).isTrue();
      given.countDown();
    }
  }

  @Test
  void aConnectionThatBreaksWhereALockWasMissingHasNothingCheckedAgain() {
    db.enqueue("Do");
    db.enqueue("Do");
    AtomicInteger checks = new AtomicInteger();
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (sql.contains("pg_backend_pid") && checks.incrementAndGet() == 2) {
                    throw new SQLException("broken", "08006");
                  }
                }));
    WorkFunc unlocking = job -> job.tx().execute("select pg_advisory_unlock(" + job.id() + ")");
    Worker worker =
        Worker.builder(
                qg,
                WorkMap.of(
                    "Do", job -> (runs.getAndIncrement() == 0 ? unlocking : NOTHING).work(job)))
            .build();
    assertThat(worker.workOne()).isTrue();
    assertThat(checks).hasValue(2);
    assertThat(worker.workOne()).isTrue();
    assertThat(checks).hasValue(2);
    assertThat(logs.alarms("lock_missing")).hasSize(1);
  }

  private static DataSource givingTheFirstLater(
      DataSource dataSource, CountDownLatch asked, CountDownLatch given) {
    return new DelegatingDataSource(dataSource) {
      @Override
      public Connection getConnection() throws SQLException {
        if (asked.getCount() == 1) {
          waitFor(asked, given);
        }
        return super.getConnection();
      }
    };
  }

  private static void waitFor(CountDownLatch asked, CountDownLatch given) throws SQLException {
    asked.countDown();
    try {
      assertThat(given.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new SQLException(e);
    }
  }
}
