package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import dev.qg.fixture.Workers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.PGConnection;

/**
 * A server with little patience for sessions that idle and transactions that take long doesn't take
 * the locks of a pool; a handler fails by it, if it makes its transaction wait. A {@code Worker},
 * whose lock is on the session of its handler, goes on with another session.
 */
class ServerTimeOutsTest {

  /** Longer than any time-out here. */
  private static final Duration LONG = Duration.ofSeconds(2);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicBoolean hasFailed = new AtomicBoolean();

  @BeforeEach
  void haveLittlePatience() {
    Effects.createTable(db.ctx());
    DSLContext session = db.session();
    String name = session.fetchSingle("select current_database()").get(0, String.class);
    session
        .fetch(
            "select name from pg_settings where name in ('statement_timeout', 'lock_timeout',"
                + " 'idle_session_timeout', 'idle_in_transaction_session_timeout',"
                + " 'transaction_timeout')")
        .forEach(
            setting ->
                session.execute(
                    "alter database " + name + " set " + setting.get(0) + " = '400ms'"));
  }

  @Test
  void aJobOutsideOfATransactionMayTakeLongAndKeepsItsLock() {
    db.enqueue("Do");
    try (Workers workers = new Workers(db.pool(8), job -> takeLong())) {
      start(Way.POOL, workers);
      assertThat(workers.runs().values()).containsExactly(1);
      await().until(() -> workers.pool().snapshot().worked() == 1);
    }
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  @Test
  void aWorkersJobOutsideOfATransactionThatTakesLongFailsAndRunsAgain() {
    db.enqueue("Do");
    try (Workers workers = new Workers(db.pool(8), job -> takeLongOnce())) {
      start(Way.WORKERS, workers);
      assertThat(workers.runs().values()).containsExactly(2);
    }
    assertThat(logs.events("job_failed")).hasSize(1);
    assertToldOnce();
  }

  @ParameterizedTest
  @EnumSource
  void aTransactionThatWaitsFailsAndTheJobRunsAgain(Way way) {
    db.enqueue("Write");
    try (Workers workers = new Workers(db.pool(8), job -> takeLongOnce())) {
      start(way, workers);
      assertThat(workers.runs().values()).containsExactly(2);
      if (way == Way.POOL) {
        assertThat(workers.pool().snapshot().sessionAge().orElseThrow()).isGreaterThan(LONG);
        assertThat(logs.alarms("worker_failing")).isEmpty();
      }
    }
    assertThat(Effects.notes(db.session())).hasSize(1);
    assertThat(logs.events("job_failed")).hasSize(1);
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
    assertToldOnce();
  }

  /** Though the connection pool has not noticed. */
  @Test
  void aWorkerIsGivenASessionThatWasEndedAsItHadNothingToDoAndGoesOn() {
    HikariDataSource small = db.pool(1);
    AtomicBoolean idle = new AtomicBoolean();
    Workers workers =
        new Workers(
            Intercept.before(
                small,
                (connection, sql) -> {
                  if (idle.compareAndSet(true, false)) {
                    awaitEnd(connection.unwrap(PGConnection.class).getBackendPID());
                  }
                }),
            job -> {});
    try (workers) {
      db.enqueue("Write");
      start(Way.WORKERS, workers);
      await().until(() -> db.advisoryLocks() == 0);
      idle.set(true);
      await().until(() -> logs.events("worker_recovered").size() == 1);
      db.enqueue("Write");
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(idle).isFalse();
    assertThat(workers.runs().values()).containsExactly(1, 1);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.alarms("job_failed")).isEmpty();
  }

  private void awaitEnd(int session) {
    DSLContext watcher = db.session();
    await()
        .until(
            () -> watcher.fetch("select from pg_stat_activity where pid = ?", session).isEmpty());
  }

  private void start(Way way, Workers workers) {
    if (way == Way.POOL) {
      workers.pool().start();
    } else {
      workers.startWorker();
    }
    await().until(() -> db.jobs().isEmpty());
  }

  private void takeLongOnce() {
    if (hasFailed.compareAndSet(false, true)) {
      takeLong();
    }
  }

  private static void takeLong() {
    long start = System.nanoTime();
    await().until(() -> System.nanoTime() - start > LONG.toNanos());
  }

  private void assertToldOnce() {
    assertThat(logs.alarms("worker_failing").size()).isLessThanOrEqualTo(1);
  }
}
