package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A shutdown is told to be in time only if each job has ended by itself. */
class ShutdownResultTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicReference<Boolean> inTime = new AtomicReference<>();

  private Duration limit = LONG;
  private HikariDataSource connections;
  private Way.Running worker;

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
    connections = db.pool(10);
    connections.setConnectionTimeout(250);
  }

  /** Starts a worker, whose job begins, and the shutdown, which waits for it. */
  private InThread shutDown(Way way, WorkFunc handler) throws InterruptedException {
    db.enqueue("Do");
    worker = way.start(Qg.create(connections), WorkMap.of("Do", handler), "");
    running.await();
    return InThread.start("shutdown", () -> inTime.set(worker.shutdown(limit))).awaitShutdown();
  }

  private void wait(LockedJob job) throws InterruptedException {
    running.countDown();
    release.await();
  }

  @ParameterizedTest
  @EnumSource
  void isInTimeWhereTheJobFails(Way way) throws Exception {
    InThread shutdown =
        shutDown(
            way,
            job -> {
              wait(job);
              throw new IllegalStateException("fails");
            });
    release.countDown();
    shutdown.join();
    assertThat(inTime).hasValue(true);
  }

  @Test
  void isNotWhereTheDataSourceIsClosedUnderAJob() throws Exception {
    InThread shutdown = shutDown(Way.POOL, this::wait);
    connections.close();
    shutdown.join();
    assertThat(logs.events("job_given_back")).hasSize(1);
    assertThat(inTime).hasValue(false);
    assertThat(db.jobs()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void isNotWhereTheEndOfAJobCannotBeWritten(Way way) throws Exception {
    // The rest of it is for what is to be written.
    limit = Duration.ofSeconds(5);
    InThread shutdown =
        shutDown(
            way,
            job -> {
              running.countDown();
              awaitStubbornly();
            });
    connections.close();
    release.countDown();
    shutdown.join();
    assertThat(inTime).hasValue(false);
    assertThat(db.jobs()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void isNotWhereAJobIsLost(Way way) throws Exception {
    InThread shutdown = shutDown(way, this::wait);
    db.ctx().execute("delete from que_jobs");
    release.countDown();
    shutdown.join();
    assertThat(logs.events("job_lost")).hasSize(1);
    assertThat(inTime).hasValue(false);
  }

  @ParameterizedTest
  @EnumSource
  void isNotForWhoWaitsWhileAnotherShutdownInterrupts(Way way) throws Exception {
    InThread shutdown = shutDown(way, this::wait);
    assertThat(worker.shutdown(Duration.ZERO)).isFalse();
    shutdown.join();
    assertThat(logs.events("job_given_back")).hasSize(1);
    assertThat(inTime).hasValue(false);
  }

  @Test
  void isInTimeBeforeAStartWhichIsRefusedThen() {
    WorkerPool pool = WorkerPool.builder(db.qg(), WorkMap.of("Do", this::wait)).build();
    assertThat(pool.shutdown(Duration.ZERO)).isTrue();
    assertThatThrownBy(pool::start)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("started or shut down before");
    assertThat(pool.shutdown(Duration.ZERO)).isTrue();

    db.enqueue("Do");
    Worker loop = Worker.builder(db.qg(), WorkMap.of("Do", this::wait)).build();
    assertThat(loop.shutdown(Duration.ZERO)).isTrue();
    loop.work();
    assertThat(running.getCount()).isOne();
  }

  @Test
  void countsWhatIsGivenBack() throws Exception {
    db.enqueue("Do");
    WorkerPool pool = WorkerPool.builder(db.qg(), WorkMap.of("Do", this::wait)).count(1).build();
    pool.start();
    running.await();
    assertThat(pool.shutdown(Duration.ZERO)).isFalse();
    await().until(() -> pool.snapshot().givenBack() == 1);
  }

  private void awaitStubbornly() {
    boolean open = false;
    while (!open) {
      try {
        open = release.await(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        open = release.getCount() == 0;
      }
    }
  }
}
