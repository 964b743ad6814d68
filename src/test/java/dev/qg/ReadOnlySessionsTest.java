package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A session can be read-only for longer than its database, which decides for those that begin: it
 * is ended, and not given back to be met again.
 */
class ReadOnlySessionsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private DSLContext operator;

  @BeforeEach
  void connect() {
    operator = db.session();
  }

  @Test
  void noneIsKeptByWorkersThatStart() {
    db.enqueue("Do");
    setReadOnly("set default_transaction_read_only = on");
    try (Workers workers = new Workers(db.pool(5), job -> {}).start()) {
      await().until(() -> logs.alarms("worker_failing").size() == 2);
      assertThat(workers.runs()).isEmpty();
      setReadOnly("reset default_transaction_read_only");
      await().until(() -> logs.events("worker_recovered").size() == 2);
      await().until(() -> jobs() == 0);
    }
    assertThat(logs.alarms("worker_failing")).hasSize(2);
  }

  @Test
  void noneIsKeptToWriteHowJobsEnded() throws Exception {
    db.enqueue("Do");
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (Workers workers =
        new Workers(
            db.pool(5),
            job -> {
              running.countDown();
              release.await();
            })) {
      workers.pool().start();
      running.await();
      setReadOnly("set default_transaction_read_only = on");
      Workers.endSessionToWrite(operator);
      release.countDown();
      await().until(() -> logs.alarms("worker_failing").size() == 1);
      setReadOnly("reset default_transaction_read_only");
      await().until(() -> jobs() == 0);
      await().until(() -> workers.pool().snapshot().worked() == 1);
      assertThat(workers.runs().values()).containsExactly(1);
    }
  }

  @Test
  void noneIsUsedByWhoAsksForOneJob() {
    long id = db.enqueue("Do");
    List<Long> runs = new ArrayList<>();
    try (Qg qg = Qg.create(db.pool(2))) {
      Worker worker = Worker.builder(qg, WorkMap.of("Do", job -> runs.add(job.id()))).build();
      setReadOnly("set default_transaction_read_only = on");
      assertThatThrownBy(worker::workOne)
          .isInstanceOf(DataAccessException.class)
          .hasMessageContaining("read-only");
      assertThatThrownBy(() -> qg.lockJob(""))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContaining("read-only");
      assertThat(runs).isEmpty();
      setReadOnly("reset default_transaction_read_only");
      assertThat(worker.workOne()).isTrue();
      assertThat(runs).containsExactly(id);
    }
  }

  @Test
  void noneIsKeptByAPoolThatTurnsSoLater() throws Exception {
    AtomicBoolean turned = new AtomicBoolean();
    DataSource turning =
        Intercept.after(
            db.pool(5),
            (connection, sql) -> {
              if (Thread.currentThread().getName().endsWith("-locker")
                  && sql.contains("transaction_read_only")
                  && turned.compareAndSet(false, true)) {
                DSL.using(connection).execute("set default_transaction_read_only = on");
              }
            });
    try (Workers workers = new Workers(turning, job -> {})) {
      workers.pool().start();
      await().until(() -> logs.alarms("worker_failing").size() == 1);
      db.enqueue("Do");
      await().until(() -> jobs() == 0);
    }
    assertThat(logs.alarms("worker_failing"))
        .allMatch(event -> event.getThrowableProxy().getMessage().contains("read-only"));
  }

  private void setReadOnly(String setting) {
    String name = operator.fetchSingle("select current_database()").get(0, String.class);
    operator.execute("alter database " + name + " " + setting);
  }

  private int jobs() {
    return operator.fetchSingle("select count(*) from que_jobs").get(0, Integer.class);
  }
}
