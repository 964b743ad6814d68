package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A pool works the jobs of its queues, as many at a time as it has workers, from start to close.
 */
class WorkerPoolTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final List<String> worked = Collections.synchronizedList(new ArrayList<>());

  @Test
  void worksAsManyJobsAtATimeAsItHasWorkers() {
    db.qg().enqueueAll(Collections.nCopies(12, Job.of("Greet")));
    AtomicInteger atOnce = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CyclicBarrier four = new CyclicBarrier(4);
    try (WorkerPool pool =
        builder(
                job -> {
                  most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                  // Passed only when four handlers run together.
                  four.await(60, TimeUnit.SECONDS);
                  atOnce.decrementAndGet();
                })
            .count(4)
            .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(most).hasValue(4);
  }

  @Test
  void startsWithAJobOfEachQueue() {
    db.qg().enqueueAll(Collections.nCopies(4, Job.of("Greet").withQueue("long")));
    db.qg().enqueueAll(Collections.nCopies(2, Job.of("Greet").withQueue("short")));
    long other = db.qg().enqueue(Job.of("Greet").withQueue("other"));
    try (WorkerPool pool =
        builder(job -> worked.add(job.queue())).count(1).queues("long", "short").build()) {
      pool.start();
      await().until(() -> db.jobs().size() == 1);
    }
    assertThat(worked).startsWith("long", "short").hasSize(6);
    assertThat(db.job(other).getQueue()).isEqualTo("other");
  }

  @Test
  void namesItsThreads() throws Exception {
    db.qg().enqueueAll(Collections.nCopies(2, Job.of("Greet")));
    CountDownLatch both = new CountDownLatch(2);
    try (WorkerPool pool =
        builder(
                job -> {
                  worked.add(Thread.currentThread().getName());
                  both.countDown();
                  both.await();
                })
            .count(2)
            .name("mail")
            .build()) {
      pool.start();
      both.await();
    }
    assertThat(worked).containsExactlyInAnyOrder("qg-mail-1", "qg-mail-2");
  }

  @Test
  void isStartedOnce() {
    try (WorkerPool pool = builder(job -> {}).build()) {
      pool.start();
      assertThatThrownBy(pool::start)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("worker");
    }
  }

  @Test
  void isNotStartedAfterItsShutdown() {
    WorkerPool pool = builder(job -> worked.add(job.type())).build();
    assertThat(pool.shutdown(Duration.ZERO)).isTrue();
    assertThatThrownBy(pool::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("shut down");
    assertThat(pool.shutdown(Duration.ZERO)).isTrue();
  }

  @Test
  void worksNothingMoreAfterItIsClosed() {
    try (WorkerPool pool = builder(job -> worked.add(job.type())).build()) {
      pool.start();
    }
    db.enqueue("Greet");
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("qg-worker-") && thread.isAlive());
    assertThat(worked).isEmpty();
  }

  @Test
  void canBeClosedWithoutAStart() {
    WorkerPool pool = builder(job -> {}).build();
    pool.close();
    assertThat(pool.shutdown(Duration.ZERO)).isTrue();
  }

  @Test
  void refusesToStartWithoutItsTableAndTellsHowToMakeIt() {
    db.ctx().execute("drop table que_jobs");
    try (WorkerPool pool = builder(job -> {}).build()) {
      assertThatThrownBy(pool::start)
          .isInstanceOf(QgException.class)
          .hasMessageContaining("que_jobs")
          .hasMessageContaining("classpath:qg/migration");
    }
  }

  @Test
  void beginsWhenTheDatabaseCanBeReachedAtLast() throws Exception {
    int port = freePort();
    // As frameworks make it: its pool is made at the first use, which fails in a way of its own.
    HikariDataSource late = db.closeLater(new HikariDataSource());
    late.setJdbcUrl("jdbc:postgresql://localhost:" + port + "/postgres?user=postgres");
    late.setMaximumPoolSize(4);
    late.setConnectionTimeout(250);
    CountDownLatch done = new CountDownLatch(1);
    try (Qg qg = Qg.create(late);
        WorkerPool pool =
            WorkerPool.builder(qg, WorkMap.of("Greet", job -> done.countDown()))
                .count(1)
                .interval(Duration.ofMillis(50))
                .build()) {
      pool.start();
      await().until(() -> logs.alarms("worker_failing").size() == 1);
      assertThat(logs.events("start_unchecked")).hasSize(1);
      EmbeddedPostgres server = db.closeLater(EmbeddedPostgres.builder().setPort(port).start());
      Flyway.configure()
          .dataSource(server.getPostgresDatabase())
          .locations("classpath:qg/migration")
          .load()
          .migrate();
      qg.enqueue(Job.of("Greet"));
      assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
      await().until(() -> !logs.events("worker_recovered").isEmpty());
    }
  }

  @Test
  void refusesSettingsThatMakeNoSense() {
    WorkerPool.Builder builder = builder(job -> {});
    assertThatThrownBy(() -> builder.count(0))
        .hasMessageContaining("count")
        .hasMessageContaining("0");
    assertThatThrownBy(() -> builder.queues("a", "b", "a")).hasMessageContaining("\"a\"");
    assertThatThrownBy(() -> builder.interval(Duration.ofSeconds(-1)))
        .hasMessageContaining("interval")
        .hasMessageContaining("PT-1S");
  }

  private WorkerPool.Builder builder(WorkFunc greet) {
    return WorkerPool.builder(db.qg(), WorkMap.of("Greet", greet)).interval(Duration.ofMillis(50));
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
