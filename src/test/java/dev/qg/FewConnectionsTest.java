package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** A pool whose handlers wait for each other's connections. */
class FewConnectionsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch release = new CountDownLatch(1);

  @Test
  void whatEndsJobsDoesNotWaitBehindHandlers() {
    HikariDataSource few = db.pool(4);
    few.setConnectionTimeout(Duration.ofMinutes(5).toMillis());
    db.qg().enqueueAll(Collections.nCopies(8, Job.of("Write")));
    try (WorkerPool pool = pool(few, 9)) {
      pool.start();
      await("all connections are taken, and handlers wait")
          .until(() -> few.getHikariPoolMXBean().getThreadsAwaitingConnection() >= 5);
      long done = db.enqueue("Do");
      long failed = db.enqueue("Fail");
      await("the ends of both are written")
          .until(() -> db.jobs().size() == 9 && db.job(failed).getErrorCount() == 1);
      assertThat(db.jobs()).noneMatch(job -> job.getJobId() == done);
      await().until(() -> pool.snapshot().failed() == 1);
      release.countDown();
    }
  }

  @Test
  void aJobThatGetsNoConnectionTellsHowManyThePoolNeeds() {
    DataSource few =
        new DelegatingDataSource(db.dataSource()) {
          @Override
          public Connection getConnection() throws SQLException {
            if (Thread.currentThread().getName().matches("qg-worker-\\d+")) {
              throw new SQLTransientConnectionException("none is free");
            }
            return super.getConnection();
          }
        };
    long id = db.enqueue("Write");
    try (WorkerPool pool = pool(few, 2)) {
      pool.start();
      await().until(() -> pool.snapshot().failed() > 0);
      assertThat(db.job(id).getLastError())
          .contains("none is free")
          .contains("needs up to 4 connections");
    }
  }

  @Test
  void noJobStartsWithoutAConnectionForTheEnds() {
    AtomicBoolean refuses = new AtomicBoolean(true);
    DataSource few =
        new DelegatingDataSource(db.dataSource()) {
          @Override
          public Connection getConnection() throws SQLException {
            if (refuses.get() && Thread.currentThread().getName().equals("qg-worker-finisher")) {
              throw new SQLTransientConnectionException("none is free");
            }
            return super.getConnection();
          }
        };
    long id = db.enqueue("Fail");
    try (WorkerPool pool = pool(few, 2)) {
      pool.start();
      await().until(() -> logs.alarms("worker_failing").size() == 1);
      assertThat(logs.alarms("worker_failing").get(0).getFormattedMessage())
          .contains("Can't write how jobs ended");
      assertThat(pool.snapshot().taken()).isZero();
      assertThat(logs.events("job_failed")).isEmpty();
      refuses.set(false);
      await().until(() -> pool.snapshot().failed() == 1);
      assertThat(logs.events("job_failed")).hasSize(1);
      assertThat(logs.events("worker_recovered")).hasSize(1);
      assertThat(db.job(id).getErrorCount()).isOne();
    }
  }

  @Test
  void jobsThatGetNoConnectionAreCountedAsFailed() {
    HikariDataSource few = db.pool(3);
    few.setConnectionTimeout(250);
    db.qg().enqueueAll(Collections.nCopies(4, Job.of("Write")));
    WorkMap handlers = WorkMap.of("Write", job -> job.tx().fetchOne("select 1"));
    try (WorkerPool pool = WorkerPool.builder(Qg.create(few), handlers).count(4).build()) {
      pool.start();
      await().until(() -> logs.events("job_failed").size() == 4);
      await().until(() -> pool.snapshot().failed() == 4);
    }
  }

  @Test
  void aPoolThatNeedsMoreThanThereAreWarnsAtItsStart() {
    try (WorkerPool pool = pool(db.pool(4), 3)) {
      pool.start();
      assertThat(logs.alarms("few_connections"))
          .singleElement()
          .satisfies(
              entry ->
                  assertThat(entry.getFormattedMessage())
                      .contains("up to 5 connections: 2 of its own", "3 handlers", "at most 4"));
    }
    try (WorkerPool pool = pool(db.pool(5), 3)) {
      pool.start();
    }
    assertThat(logs.alarms("few_connections")).hasSize(1);
    release.countDown();
  }

  @Test
  void anIntervalMayBeAsLongAsADurationCanBe() {
    db.enqueue("Do");
    try (WorkerPool pool =
        WorkerPool.builder(db.qg(), WorkMap.of("Do", job -> {}))
            .interval(Duration.ofSeconds(Long.MAX_VALUE))
            .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
      db.enqueue("Do");
      await().until(() -> db.jobs().isEmpty());
      assertThat(pool.shutdown(Duration.ofSeconds(Long.MAX_VALUE))).isTrue();
    }
  }

  private WorkerPool pool(DataSource few, int count) {
    WorkMap handlers =
        WorkMap.builder()
            .add(
                "Write",
                job -> {
                  job.tx().fetchOne("select 1");
                  release.await();
                })
            .add("Do", job -> {})
            .add(
                "Fail",
                job -> {
                  throw new IllegalStateException("refused");
                })
            .build();
    return WorkerPool.builder(Qg.create(few), handlers).count(count).listening(false).build();
  }
}
