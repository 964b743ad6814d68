package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Workers;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A server with little patience for sessions that idle and transactions that take long doesn't take
 * the locks of a pool; a handler fails by it, if it makes its transaction wait.
 */
class ServerTimeOutsTest {

  /** Longer than any time-out here. */
  private static final Duration LONG = Duration.ofSeconds(2);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicReference<WorkerPool> pool = new AtomicReference<>();
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
    try (Workers workers = new Workers(db.pool(8), this::takeLong)) {
      start(workers);
      assertThat(workers.runs().values()).containsExactly(1);
      assertThat(workers.pool().snapshot().worked()).isEqualTo(1);
    }
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  @Test
  void aTransactionThatWaitsFailsAndTheJobRunsAgain() {
    db.enqueue("Write");
    try (Workers workers =
        new Workers(
            db.pool(8),
            job -> {
              if (hasFailed.compareAndSet(false, true)) {
                takeLong(job);
              }
            })) {
      start(workers);
      assertThat(workers.runs().values()).containsExactly(2);
      assertThat(workers.pool().snapshot().sessionAge().orElseThrow()).isGreaterThan(LONG);
    }
    assertThat(Effects.notes(db.session())).hasSize(1);
    assertThat(logs.events("job_failed")).hasSize(1);
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  private void start(Workers workers) {
    pool.set(workers.pool());
    workers.pool().start();
    await().until(() -> db.jobs().isEmpty());
  }

  private void takeLong(LockedJob job) {
    Duration before = pool.get().snapshot().sessionAge().orElseThrow();
    await()
        .until(
            () ->
                pool.get()
                    .snapshot()
                    .sessionAge()
                    .filter(age -> age.minus(before).compareTo(LONG) > 0)
                    .isPresent());
  }
}
