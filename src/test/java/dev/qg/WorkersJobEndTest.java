package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.InThread;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * How a worker ends a job that has not used its transaction: the deletion, its commit and the
 * unlock are one round trip, where the driver's protocol stops at a failure, and else one by one.
 */
class WorkersJobEndTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @ParameterizedTest
  @ValueSource(strings = {"extended", "simple"})
  void isAFailureIfTheDeletionIsRefusedAndIsRecordedUnderTheLock(String mode) {
    onDelete("raise exception 'refused'");
    long id = db.enqueue("A");
    AtomicInteger retries = new AtomicInteger();

    work(
        mode,
        (connection, sql) -> {
          if (Sql.retries(sql)) {
            assertThat(db.advisoryLocks()).isOne();
            retries.incrementAndGet();
          }
        });

    assertThat(retries).hasValue(1);
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("refused");
    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.openTransactions()).isZero();
    assertThat(logs.events("lock_missing")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"extended", "simple"})
  void leavesAJobAloneThatAnotherWorkerHasRetriedMeanwhile(String mode) {
    long id = db.enqueue("A");

    work(
        mode,
        (connection, sql) -> {
          if (Sql.deletes(sql)) {
            db.ctx().execute("update que_jobs set run_at = run_at + interval '1 h'");
          }
        });

    assertThat(db.job(id).getErrorCount()).isZero();
    assertThat(db.advisoryLocks()).isZero();
    assertThat(logs.events("job_lost")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "preferQueryMode=extended, false, start transaction isolation level read committed; select",
    "preferQueryMode=simple, false, delete",
    "prepareThreshold=-1, false, delete",
    "preferQueryMode=extended, true, delete"
  })
  void isOneTripOnlyWhereTheDriverIsKnownToDoIt(String setting, boolean hidden, String deletion) {
    db.enqueue("A");
    List<String> sent = new CopyOnWriteArrayList<>();
    DataSource dataSource =
        // Two, as a connection that hides the driver's is compared with another one.
        new DelegatingDataSource(db.pool(2, setting)) {
          @Override
          public Connection getConnection() throws SQLException {
            Connection connection = super.getConnection();
            return hidden ? Intercept.opaque(connection) : connection;
          }
        };
    Qg qg = Qg.create(Intercept.before(dataSource, (connection, sql) -> sent.add(sql)));

    assertThat(Worker.builder(qg, WorkMap.of("A", job -> {})).build().workOne()).isTrue();

    assertThat(sent).filteredOn(Sql::deletes).hasSize(1);
    assertThat(sent).filteredOn(Sql::deletes).allMatch(sql -> sql.startsWith(deletion));
    assertThat(db.jobs()).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void tellsOfALockThatWasGone() {
    db.enqueue("A");

    work(
        "extended",
        (connection, sql) -> {
          if (Sql.deletes(sql)) {
            connection.createStatement().execute("select pg_advisory_unlock_all()");
          }
        });

    assertThat(db.jobs()).isEmpty();
    assertThat(logs.events("lock_missing")).hasSize(1);
  }

  @Test
  void doesNotLoopHotOverAJobThatStays() {
    onDelete("return null");
    db.enqueue("A");
    List<Long> attempts = new CopyOnWriteArrayList<>();
    Worker worker =
        Worker.builder(db.qg(), WorkMap.of("A", job -> attempts.add(System.nanoTime())))
            .interval(Duration.ofMillis(10))
            .build();
    InThread works = InThread.start("qg-works", worker::work);
    await().until(() -> attempts.size() >= 3);
    worker.shutdown();
    works.join();
    for (int i = 1; i < 3; i++) {
      Duration pause = Duration.ofNanos(attempts.get(i) - attempts.get(i - 1));
      assertThat(pause).isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }
  }

  private void work(String mode, Intercept.Step before) {
    Qg qg = Qg.create(Intercept.before(db.pool(1, "preferQueryMode=" + mode), before));
    assertThat(Worker.builder(qg, WorkMap.of("A", job -> {})).build().workOne()).isTrue();
  }

  private void onDelete(String statement) {
    db.ctx()
        .execute(
            "create function deletes() returns trigger language plpgsql as $$ begin "
                + statement
                + "; end $$");
    db.ctx()
        .execute(
            "create trigger deletes before delete on que_jobs"
                + " for each row execute function deletes()");
  }
}
