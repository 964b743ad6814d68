package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Somebody locks the whole table for longer than a pool's session waits for it. The test takes so
 * long, too.
 */
class LockedTableTest {

  private static final Duration LONGER_THAN_A_SESSION_WAITS = Duration.ofSeconds(25);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(3);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();

  @Test
  void isWaitedForWithoutALossAndAnnouncedOnce() throws Exception {
    Effects.createTable(db.ctx());
    db.qg().enqueueAll(Collections.nCopies(2, Job.of("Write")));
    db.qg().enqueue(Job.of("Write").withQueue("worker"));
    WorkMap workMap = WorkMap.of("Write", this::write);
    Worker worker = db.closeLater(Worker.builder(db.qg(), workMap).queue("worker").build());
    // One thread is idle, so that the pool looks for jobs.
    try (WorkerPool pool =
            WorkerPool.builder(db.qg(), workMap).count(3).interval(Duration.ofMillis(50)).build();
        Connection console = db.connect()) {
      pool.start();
      InThread loop = InThread.start("worker", worker::work);
      running.await();
      console.setAutoCommit(false);
      DSL.using(console).execute("lock table que_jobs in access exclusive mode");
      release.countDown();
      await()
          .atMost(LONGER_THAN_A_SESSION_WAITS)
          .until(
              () -> logs.alarms("worker_failing").stream().anyMatch(LockedTableTest::isOfTaking));
      assertThat(db.advisoryLocks()).as("those of the pool and of the worker").isEqualTo(3);
      console.rollback();

      await().until(() -> db.jobs().isEmpty());
      await().until(() -> db.advisoryLocks() == 0);
      db.enqueue("Write");
      await().until(() -> pool.snapshot().worked() == 3);
      worker.shutdown();
      loop.join();
      assertThat(pool.snapshot().lost()).isZero();
    }
    assertThat(runs).hasValue(4);
    assertThat(Effects.notes(db.ctx())).hasSize(4).doesNotHaveDuplicates();
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
    assertThat(logs.alarms("end_not_recorded")).hasSize(1);
    assertThat(logs.alarms("worker_failing").stream().filter(LockedTableTest::isOfTaking))
        .singleElement()
        .matches(event -> event.getThrowableProxy().getMessage().contains("lock timeout"));
  }

  private static boolean isOfTaking(ILoggingEvent event) {
    return event.getFormattedMessage().startsWith("Can't take jobs");
  }

  /** In the job's transaction, or else on a connection of its own. */
  private void write(LockedJob job) throws InterruptedException {
    Effects.write(job.id() % 2 == 0 ? job.tx() : db.ctx(), "job " + job.id());
    runs.incrementAndGet();
    running.countDown();
    release.await();
  }
}
