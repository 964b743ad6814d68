package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/** A shutdown with a time limit returns, and whatever runs then is completed or given back. */
class ShutdownTest {

  private static final Duration SHORT = Duration.ofMillis(100);
  private static final Duration LONG = Duration.ofSeconds(60);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void waitsForAHandlerThatFinishesInTime() throws Exception {
    db.enqueue("Write");
    WorkerPool pool = start(job -> release.await());
    running.await();
    InThread shutdown =
        InThread.start("shutdown", () -> assertThat(pool.shutdown(LONG)).isTrue()).awaitShutdown();
    release.countDown();
    shutdown.join();
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("first");
  }

  @Test
  void completesAJobWhoseHandlerFinishesAfterItsInterrupt() throws Exception {
    db.enqueue("Write");
    WorkerPool pool =
        start(
            job -> {
              try {
                release.await();
              } catch (InterruptedException e) {
                Effects.write(job.tx(), "after the interrupt");
                Thread.currentThread().interrupt();
              }
            });
    running.await();
    assertThat(pool.shutdown(SHORT)).isFalse();
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("after the interrupt", "first");
  }

  @Test
  void givesAJobBackAsItWasWhoseHandlerFailsByItsInterrupt() throws Exception {
    long id = db.enqueue("Write");
    QueJobsRecord before = db.job(id);
    WorkerPool pool = start(job -> release.await());
    running.await();
    assertThat(pool.shutdown(SHORT)).isFalse();
    assertThat(db.job(id)).isEqualTo(before);
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
    assertThat(logs.events("job_given_back")).hasSize(1);
    assertThat(logs.events("job_failed")).isEmpty();
    workWithAnother();
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("second");
  }

  @Test
  void takesTheJobFromAHandlerThatIgnoresItsInterrupt() throws Exception {
    db.enqueue("Write");
    AtomicReference<Throwable> laterWrite = new AtomicReference<>();
    WorkerPool pool =
        start(
            job -> {
              awaitStubbornly(release);
              try {
                Effects.write(job.tx(), "too late");
              } catch (Throwable t) {
                laterWrite.set(t);
                throw t;
              }
            });
    running.await();
    long start = System.nanoTime();
    assertThat(pool.shutdown(SHORT)).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
    assertThat(logs.events("handler_abandoned")).hasSize(1);
    await("the lock is free").until(() -> db.advisoryLocks() == 0);
    workWithAnother();
    release.countDown();
    await("the late write fails").until(() -> laterWrite.get() != null);
    // The first one has ended when its shutdown finds nothing to wait for.
    await().until(() -> pool.shutdown(SHORT));
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("second");
  }

  @Test
  void isHarmlessAgainAndWhileAnotherOneWaits() throws Exception {
    db.enqueue("Write");
    WorkerPool pool = start(job -> release.await());
    running.await();
    InThread first = InThread.start("first", pool::shutdown).awaitShutdown();
    InThread second = InThread.start("second", pool::shutdown).awaitShutdown();
    release.countDown();
    first.join();
    second.join();
    assertThat(pool.shutdown(Duration.ZERO)).isTrue();
    pool.close();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void takesAnInterruptOfItsCallerForTheTimeLimit() throws Exception {
    long id = db.enqueue("Write");
    WorkerPool pool = start(job -> release.await());
    running.await();
    InThread shutdown = InThread.start("shutdown", pool::shutdown).awaitShutdown();
    shutdown.interrupt();
    assertThat(shutdown.endedInterrupted()).isTrue();
    await().until(() -> db.advisoryLocks() == 0);
    assertThat(db.job(id).getErrorCount()).isZero();
  }

  @Test
  void endsAWorkerWhoseDatabaseIsAway() {
    Qg qg =
        Qg.create(
            new DelegatingDataSource() {
              @Override
              public java.sql.Connection getConnection() throws SQLException {
                throw new SQLTransientConnectionException("away");
              }
            });
    WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("Other", job -> {})).count(3).build();
    db.closeLater(pool).start();
    await().until(() -> logs.alarms("worker_failing").size() == 1);
    await().until(() -> logs.alarms("listener_failing").size() == 1);
    assertThat(pool.shutdown(LONG)).isTrue();
  }

  @Test
  void isBoundedWhenTheDatabaseDoesNotAnswer() throws Exception {
    Qg qg =
        Qg.create(
            new DelegatingDataSource(db.dataSource()) {
              @Override
              public java.sql.Connection getConnection() throws SQLException {
                if (Thread.currentThread().getName().startsWith("qg-")) {
                  running.countDown();
                  awaitStubbornly(release);
                }
                return super.getConnection();
              }
            });
    WorkerPool pool =
        WorkerPool.builder(qg, WorkMap.of("Other", job -> {})).count(1).listening(false).build();
    pool.start();
    running.await();
    long start = System.nanoTime();
    assertThat(pool.shutdown(SHORT)).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
    release.countDown();
    assertThat(pool.shutdown(LONG)).isTrue();
  }

  /** A pool of one, whose handler writes, tells that it runs, and does what is given. */
  private WorkerPool start(WorkFunc then) {
    WorkerPool pool =
        WorkerPool.builder(
                db.qg(),
                WorkMap.of(
                    "Write",
                    job -> {
                      Effects.write(job.tx(), "first");
                      running.countDown();
                      then.work(job);
                    }))
            .count(1)
            .build();
    pool.start();
    return pool;
  }

  private void workWithAnother() {
    WorkMap map = WorkMap.of("Write", job -> Effects.write(job.tx(), "second"));
    assertThat(Worker.builder(db.qg(), map).build().workOne()).isTrue();
  }

  private static void awaitStubbornly(CountDownLatch latch) {
    boolean open = false;
    while (!open) {
      try {
        latch.await();
        open = true;
      } catch (InterruptedException e) {
        open = latch.getCount() == 0;
      }
    }
  }
}
