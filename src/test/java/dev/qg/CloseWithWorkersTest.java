package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Closing a client shuts down its pools and workers, and lets no other one start. */
class CloseWithWorkersTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final WorkMap handlers =
      WorkMap.of(
          "Write",
          job -> {
            running.countDown();
            release.await();
            Effects.write(job.tx(), "written");
            client().enqueue(job.tx(), Job.of("Next"));
            client().enqueue(Job.of("Beside"));
          });
  private Qg qg;

  @BeforeEach
  void createClient() {
    Effects.createTable(db.ctx());
    qg = db.closeLater(Qg.create(db.dataSource()));
  }

  private Qg client() {
    return qg;
  }

  @ParameterizedTest
  @EnumSource
  void endsWhatWaitsForJobs(Way way) {
    way.start(qg, handlers, "");
    String kind = way == Way.POOL ? "pool" : "worker";
    await("it works").until(() -> logs.events(kind + "_started").size() == 1);

    qg.close();

    assertThat(logs.events(kind + "_stopped")).hasSize(1);
    assertThat(db.advisoryLocks()).isZero();
    assertNothingRuns();
    qg.close();
  }

  @ParameterizedTest
  @EnumSource
  void letsHandlersFinishAndUseTheClient(Way way) throws Exception {
    db.enqueue("Write");
    way.start(qg, handlers, "");
    running.await();

    InThread close = InThread.start("close", qg::close).awaitShutdown();
    assertThatThrownBy(() -> WorkerPool.builder(qg, handlers).build().start())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("This Qg is closed");
    release.countDown();
    close.join();

    assertThat(Effects.notes(db.ctx())).containsExactly("written");
    assertThat(db.jobs())
        .extracting(job -> job.getJobClass())
        .containsExactlyInAnyOrder("Next", "Beside");
    assertNothingRuns();
    assertThatThrownBy(() -> qg.enqueue(Job.of("Late"))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void stopsAllBeforeItWaitsForOne() throws Exception {
    WorkerPool first = pool("first");
    WorkerPool second = pool("second");
    qg.enqueue(Job.of("Write").withQueue("first"));
    qg.enqueue(Job.of("Write").withQueue("second"));
    first.start();
    second.start();
    await("both work").until(() -> first.snapshot().running() + second.snapshot().running() == 2);

    InThread close = InThread.start("close", qg::close).awaitShutdown();
    qg.enqueue(Job.of("Write").withQueue("first"));
    qg.enqueue(Job.of("Write").withQueue("second"));
    release.countDown();
    close.join();

    assertThat(first.snapshot().worked() + second.snapshot().worked()).isEqualTo(2);
  }

  @Test
  void refusesToWorkAfterwards() {
    WorkerPool pool = pool("late");
    Worker worker = Worker.builder(qg, handlers).build();

    qg.close();

    assertThatThrownBy(pool::start).hasMessage("This Qg is closed");
    assertThatThrownBy(worker::work).hasMessage("This Qg is closed");
    assertThatThrownBy(worker::workOne).hasMessage("This Qg is closed");
    assertNothingRuns();
  }

  @Test
  void competesWithPoolsThatStart() {
    for (int round = 0; round < 5; round++) {
      Qg client = Qg.create(db.dataSource());
      WorkerPool pool = WorkerPool.builder(client, handlers).count(1).listening(false).build();
      InThread start =
          InThread.start(
              "start",
              () -> {
                try {
                  pool.start();
                } catch (IllegalStateException e) {
                  // The close came first, or while it started.
                  assertThat(e.getMessage()).containsAnyOf("is closed", "shut down before");
                }
              });
      client.close();
      start.join();
      assertNothingRuns();
    }
  }

  private WorkerPool pool(String name) {
    return WorkerPool.builder(qg, handlers).name(name).queue(name).count(2).build();
  }

  /** A thread has its last word a moment after its work has ended. */
  private static void assertNothingRuns() {
    await("no thread is left")
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("qg-")));
  }
}
