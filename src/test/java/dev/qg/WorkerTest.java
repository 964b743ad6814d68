package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A worker works the jobs of its queue one at a time until it is told to stop, and then stops. */
class WorkerTest {

  private static final Duration NEVER = Duration.ofHours(1);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<String> worked = Collections.synchronizedList(new ArrayList<>());

  @Test
  void worksOneJobAndTellsWhetherThereWasOne() {
    Worker worker = worker(job -> worked.add(job.type()));
    assertThat(worker.workOne()).isFalse();
    db.enqueue("Greet");
    assertThat(worker.workOne()).isTrue();
    assertThat(worked).containsExactly("Greet");
    assertThat(db.jobs()).isEmpty();
    assertThat(worker.workOne()).isFalse();
  }

  @Test
  void worksTheMostUrgentJobOfItsQueueOnly() {
    db.qg().enqueue(Job.of("Greet").withArgs("[\"usual\"]"));
    db.qg().enqueue(Job.of("Greet").withArgs("[\"urgent\"]").withPriority(1));
    long other = db.qg().enqueue(Job.of("Greet").withQueue("other"));
    Worker worker = worker(job -> worked.add(job.args().data()));
    while (worker.workOne()) {}
    assertThat(worked).containsExactly("[\"urgent\"]", "[\"usual\"]");
    assertThat(db.jobs()).extracting(QueJobsRecord::getJobId).containsExactly(other);
  }

  @Test
  void recordsTheErrorOfAHandlerOnItsJob() {
    long id = db.enqueue("Greet");
    Worker worker =
        worker(
            job -> {
              throw new Exception("the error msg");
            });
    assertThat(worker.workOne()).isTrue();
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).startsWith("java.lang.Exception: the error msg\n");
  }

  @Test
  void recordsAnyThrowableWithItsStackTrace() {
    long id = db.enqueue("Greet");
    Worker worker =
        worker(
            job -> {
              throw new AssertionError("the panic msg");
            });
    assertThat(worker.workOne()).isTrue();
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError())
        .contains("the panic msg\n")
        .contains("Runner.java:")
        .contains("WorkerTest.java:");
  }

  @Test
  void failsAJobWhoseTypeHasNoHandlerAndKeepsNoConnection() {
    long id = db.enqueue("MyJob");
    assertThat(worker(job -> {}).workOne()).isTrue();
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).isEqualTo("unknown job type: \"MyJob\"");
    assertThat(connections().getActiveConnections()).isZero();
  }

  @Test
  void looksForJobsAtOnce() {
    db.enqueue("Greet");
    CountDownLatch done = new CountDownLatch(1);
    try (Worker worker = worker(job -> done.countDown())) {
      work(worker);
      await().until(() -> done.getCount() == 0);
    }
  }

  @Test
  void looksAgainAfterEachInterval() {
    AtomicInteger count = new AtomicInteger();
    WorkMap map = WorkMap.of("Greet", job -> count.incrementAndGet());
    try (Worker worker = Worker.builder(db.qg(), map).interval(Duration.ofMillis(20)).build()) {
      InThread thread = work(worker);
      for (int i = 1; i <= 3; i++) {
        thread.awaitPause();
        db.enqueue("Greet");
        int expected = i;
        await().until(() -> count.get() == expected);
      }
    }
  }

  @Test
  void stopsBetweenTwoJobsOfABacklogAndFinishesTheCurrentOne() {
    db.qg().enqueueAll(Collections.nCopies(100, Job.of("Greet")));
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Worker worker =
        worker(
            job -> {
              worked.add(job.type());
              running.countDown();
              release.await();
            });
    InThread thread = work(worker);
    thread.await(running);
    InThread shutdown = InThread.start("shutdown", worker::shutdown).awaitShutdown();
    assertThat(thread.isAlive()).isTrue();
    release.countDown();
    shutdown.join();
    assertThat(thread.endedInterrupted()).isFalse();
    assertThat(worked).hasSize(1);
    assertThat(db.jobs()).hasSize(99).allMatch(job -> job.getErrorCount() == 0);
  }

  @Test
  void holdsOneConnectionForAJobAndNoneWhileIdle() {
    db.enqueue("Greet");
    try (HikariDataSource pool = db.pool(5);
        Qg qg = Qg.create(pool);
        Worker worker =
            Worker.builder(
                    qg,
                    WorkMap.of(
                        "Greet",
                        job -> {
                          job.tx().selectOne().execute();
                          worked.add("held " + pool.getHikariPoolMXBean().getActiveConnections());
                        }))
                .interval(NEVER)
                .build()) {
      InThread thread = work(worker);
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> pool.getHikariPoolMXBean().getActiveConnections() == 0);
      thread.awaitPause();
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
      assertThat(worked).containsExactly("held 1");
    }
  }

  @Test
  void worksOnce() {
    Worker worker = worker(job -> {});
    InThread thread = work(worker).awaitPause();
    assertThatThrownBy(worker::work).isInstanceOf(IllegalStateException.class);
    assertThat(thread.isAlive()).isTrue();
    worker.shutdown();
    thread.join();
    assertThatThrownBy(worker::work).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void returnsAtOnceIfItWasShutDownBefore() {
    db.enqueue("Greet");
    Worker worker = worker(job -> worked.add(job.type()));
    worker.shutdown();
    work(worker).join();
    assertThat(worked).isEmpty();
    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void endsWhenItsThreadIsInterruptedWhileIdle() {
    InThread thread = work(worker(job -> {})).awaitPause();
    thread.interrupt();
    assertThat(thread.endedInterrupted()).isTrue();
  }

  @Test
  void endsAfterTheJobThatFailsByTheInterruptOfItsThread() {
    db.qg().enqueueAll(Collections.nCopies(2, Job.of("Greet")));
    CountDownLatch running = new CountDownLatch(1);
    InThread thread =
        work(
            worker(
                job -> {
                  running.countDown();
                  new CountDownLatch(1).await();
                }));
    thread.await(running);
    thread.interrupt();
    assertThat(thread.endedInterrupted()).isTrue();
    assertThat(db.jobs()).extracting(job -> job.getErrorCount()).containsExactlyInAnyOrder(0, 1);
  }

  @Test
  void endsAfterTheJobThatItsThreadIsInterruptedIn() {
    db.qg().enqueueAll(Collections.nCopies(3, Job.of("Greet")));
    CountDownLatch running = new CountDownLatch(1);
    InThread thread =
        work(
            worker(
                job -> {
                  running.countDown();
                  try {
                    new CountDownLatch(1).await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }));
    thread.await(running);
    thread.interrupt();
    assertThat(thread.endedInterrupted()).isTrue();
    assertThat(db.jobs()).hasSize(2).allMatch(job -> job.getErrorCount() == 0);
  }

  @Test
  void leavesItsCallerTheInterruptThatEndedItWhenItIsClosedAfterwards() {
    InThread thread =
        InThread.start(
                "work and close",
                () -> {
                  try (Worker worker = worker(job -> {})) {
                    worker.work();
                  }
                })
            .awaitPause();
    thread.interrupt();
    assertThat(thread.endedInterrupted()).isTrue();
  }

  @Test
  void leavesItsCallerTheInterruptThatCameDuringOneJob() {
    db.enqueue("Greet");
    InThread thread =
        InThread.start(
            "one job", () -> worker(job -> Thread.currentThread().interrupt()).workOne());
    assertThat(thread.endedInterrupted()).isTrue();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void refusesToWorkWithoutItsTableAndTellsHowToMakeIt() {
    db.ctx().execute("drop table que_jobs");
    assertThatThrownBy(() -> worker(job -> {}).work())
        .isInstanceOf(QgException.class)
        .hasMessageContaining("que_jobs")
        .hasMessageContaining("classpath:qg/migration");
  }

  @Test
  void refusesAnIntervalOfNothing() {
    assertThatThrownBy(
            () -> Worker.builder(db.qg(), WorkMap.of("Other", job -> {})).interval(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("interval")
        .hasMessageContaining("PT0S");
  }

  private Worker worker(WorkFunc greet) {
    return Worker.builder(db.qg(), WorkMap.of("Greet", greet)).interval(NEVER).build();
  }

  private static InThread work(Worker worker) {
    return InThread.start("qg-test-worker", worker::work);
  }

  private HikariPoolMXBean connections() {
    return ((HikariDataSource) db.dataSource()).getHikariPoolMXBean();
  }
}
