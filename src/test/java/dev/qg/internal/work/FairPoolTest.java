package dev.qg.internal.work;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.Job;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An engine with several queues, whose clock only its handlers move: each thread has the time that
 * its handlers say they have used.
 */
class FairPoolTest {

  private static final long SLOW = MILLISECONDS.toNanos(200);
  private static final long FAST = MILLISECONDS.toNanos(1);
  private static final int THREADS = 4;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final ThreadLocal<AtomicLong> clock = ThreadLocal.withInitial(AtomicLong::new);
  private final Map<String, AtomicLong> used = new ConcurrentHashMap<>();
  private final BlockingQueue<String> started = new LinkedBlockingQueue<>();
  private final Semaphore gate = new Semaphore(0);
  private final CountDownLatch allSlow = new CountDownLatch(100);

  private Engine engine;

  @AfterEach
  void end() {
    gate.release(1_000);
    engine.shutdown(Duration.ofSeconds(30));
  }

  @Test
  void queuesWithABacklogShareTheTime() throws Exception {
    enqueue("slow", "Slow", 110);
    enqueue("fast", "Fast", 40_000);
    start("slow", "fast");

    allSlow.await();
    double slow = used.get("Slow").get();
    // As handlers take no time in truth, some of it is lost to looks for jobs: FairShareTest has
    // more.
    assertThat(slow / used.get("Fast").get()).isBetween(.67, 1.5);
  }

  @Test
  void aQuietQueuesJobStartsAsSoonAsAnyHandlerEnds() throws Exception {
    enqueue("busy", "None", 500);
    enqueue("busy", "Gated", 100);
    start("busy", "quiet");
    for (int i = 0; i < THREADS; i++) {
      assertThat(started.take()).isEqualTo("Gated");
    }
    await("busy's jobs are prefetched").until(() -> engine.inside().waiting() > 0);
    // More than the engine has expected of the first handlers, which nobody knew.
    gate.release(THREADS);
    for (int i = 0; i < THREADS; i++) {
      assertThat(started.take()).isEqualTo("Gated");
    }

    for (int i = 0; i < 10; i++) {
      long id = db.qg().enqueue(Job.of("Quiet").withQueue("quiet"));
      await("it is in the buffer").until(() -> isLocked(id) && isSettled());
      gate.release();
      assertThat(started.take()).isEqualTo("Quiet");
      assertThat(started.take()).isEqualTo("Gated");
    }
    assertThat(engine.inside().givenBack()).isZero();
  }

  @Test
  void aQueueOfSlowHandlersHasAJobReadWhileAnotherIsPrefetched() throws Exception {
    enqueue("busy", "None", 500);
    enqueue("busy", "Gated", 100);
    start("busy", "slow");
    for (int i = 0; i < THREADS; i++) {
      assertThat(started.take()).isEqualTo("Gated");
    }
    enqueue("slow", "Quiet", 100);
    int gated = engine.inside().waiting();
    await("one waits").until(() -> lockedOf("slow") == 1);
    assertThat(gated).isLessThanOrEqualTo(engine.inside().waiting());
  }

  private void enqueue(String queue, String type, int count) {
    db.qg().enqueueAll(Collections.nCopies(count, Job.of(type).withQueue(queue)));
  }

  private boolean isLocked(long id) {
    return db.qg().working().stream().anyMatch(job -> job.id() == id);
  }

  /** Whether each job that is locked runs or waits in the buffer. */
  private boolean isSettled() {
    int locks = db.advisoryLocks();
    Inside inside = engine.inside();
    return locks == inside.locked() && inside.locked() == inside.waiting() + inside.running();
  }

  private long lockedOf(String queue) {
    return db.qg().working().stream().filter(job -> job.queue().equals(queue)).count();
  }

  private void start(String... queues) {
    Map<String, Runner.Handler> handlers =
        Map.of(
            "None", job -> {},
            "Slow", job -> use("Slow", SLOW),
            "Fast", job -> use("Fast", FAST),
            "Quiet", job -> started.add("Quiet"),
            "Gated",
                job -> {
                  started.add("Gated");
                  gate.acquire();
                  use("Gated", SLOW);
                });
    engine =
        new Engine(
            new Connections(db.dataSource()),
            Statements.of(null),
            Held.NONE,
            new Runner(handlers::get),
            new WakeUps(),
            new Engine.Settings(
                List.of(queues), Duration.ofMillis(50), "fair", THREADS, null, 2_000, true),
            () -> clock.get().get());
    engine.start();
  }

  /** Runs for so long, as far as the engine can tell. */
  private void use(String type, long nanos) {
    clock.get().addAndGet(nanos);
    if (allSlow.getCount() > 0) {
      used.computeIfAbsent(type, first -> new AtomicLong()).addAndGet(nanos);
    }
    if (type.equals("Slow")) {
      allSlow.countDown();
    }
  }
}
