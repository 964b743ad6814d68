package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers outlive the loss of their connections, say so once, and go on when there are others. */
class DatabaseAwayTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void aWorkerWithoutAConnectionSaysSoOnceBacksOffAndRecovers() throws Exception {
    HikariDataSource small = db.closeLater(new HikariDataSource());
    small.setJdbcUrl(db.url());
    small.setMaximumPoolSize(1);
    small.setConnectionTimeout(250);
    AtomicInteger asked = new AtomicInteger();
    Qg qg =
        Qg.create(
            new org.springframework.jdbc.datasource.DelegatingDataSource(small) {
              @Override
              public Connection getConnection() throws java.sql.SQLException {
                if (Thread.currentThread().getName().endsWith("-locker")) {
                  asked.incrementAndGet();
                }
                return super.getConnection();
              }
            });
    try (WorkerPool pool =
        WorkerPool.builder(qg, WorkMap.of("Do", job -> {})).count(1).listening(false).build()) {
      try (Connection drained = small.getConnection()) {
        assertThat(drained.isValid(1)).isTrue();
        long start = System.nanoTime();
        pool.start();
        await().until(() -> asked.get() >= 5);
        // 250 ms for each request but the last, and pauses of 100, 200 and 400 ms.
        assertThat(Duration.ofNanos(System.nanoTime() - start))
            .isGreaterThan(Duration.ofMillis(1_500));
        assertThat(logs.alarms("worker_failing")).hasSize(1);
      }
      small.setMaximumPoolSize(2);
      db.enqueue("Do");
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> logs.events("worker_recovered").size() == 1);
    }
    assertThat(logs.alarms("worker_failing")).hasSize(1);
  }

  @Test
  void aJobWhoseTransactionIsKilledFailsAndRunsAgainAndItsWritesAreThereOnce() {
    db.enqueue("Do");
    Qg qg =
        Qg.builder(db.dataSource())
            .retryPolicy(RetryPolicy.builder().delay(failures -> Duration.ZERO).build())
            .build();
    try (WorkerPool pool =
        pool(
            qg,
            job -> {
              Effects.write(job.tx(), "run " + runs.incrementAndGet());
              if (runs.get() == 1) {
                kill(job.tx().fetchSingle("select pg_backend_pid()").get(0, Integer.class));
              }
            })) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(Effects.notes(db.ctx())).containsExactly("run 2");
    assertThat(logs.events("job_failed")).hasSize(1);
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  @Test
  void aWorkerWhosePoolWasKilledWhileItIdledGoesOn() {
    try (WorkerPool pool = pool(db.qg(), job -> {})) {
      pool.start();
      db.enqueue("Do");
      await().until(() -> db.jobs().isEmpty());
      db.session()
          .execute(
              "select pg_terminate_backend(pid) from pg_stat_activity"
                  + " where datname = current_database() and pid <> pg_backend_pid()");
      db.session().execute("insert into que_jobs (job_class) values ('Do')");
      await().until(() -> db.session().fetchValue("select count(*) from que_jobs").equals(0L));
    }
  }

  @Test
  void aSessionThatWasEndedHidesNoErrorAndIsNotGivenToOthers() {
    db.enqueue("Do");
    HikariDataSource small = db.closeLater(new HikariDataSource());
    small.setJdbcUrl(db.url());
    small.setMaximumPoolSize(1);
    small.setAutoCommit(false);
    try (Qg qg = Qg.create(small)) {
      // The job can be locked, but not be read: its session is ended, and with it the lock.
      db.ctx().execute("alter table que_jobs rename column last_error to no_error");
      assertThatThrownBy(() -> qg.lockJob(""))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContaining("last_error");
      db.ctx().execute("alter table que_jobs rename column no_error to last_error");
      assertThat(qg.stats()).hasSize(1);
      assertThat(Worker.builder(qg, WorkMap.of("Do", job -> {})).build().workOne()).isTrue();
    }
    assertThat(db.jobs()).isEmpty();
  }

  private static WorkerPool pool(Qg qg, WorkFunc function) {
    return WorkerPool.builder(qg, WorkMap.of("Do", function))
        .count(1)
        .interval(Duration.ofMillis(50))
        .build();
  }

  private void kill(int pid) {
    db.ctx().execute("select pg_terminate_backend(?)", pid);
    await()
        .until(() -> db.ctx().fetch("select from pg_stat_activity where pid = ?", pid).isEmpty());
  }
}
