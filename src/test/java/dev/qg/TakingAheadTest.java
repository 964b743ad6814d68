package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.SQLException;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pool locks what it can start soon, leaves the rest to others, and never more than it may. */
class TakingAheadTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch release = new CountDownLatch(1);

  @Test
  void takesNoMoreThanItsThreadsRunWhileHandlersAreSlow() throws Exception {
    db.qg().enqueueAll(Collections.nCopies(20, Job.of("Slow")));
    CountDownLatch running = new CountDownLatch(2);
    try (WorkerPool pool =
        pool(
            db.qg(),
            job -> {
              running.countDown();
              release.await();
            })) {
      pool.start();
      running.await();
      assertThat(db.advisoryLocks()).isEqualTo(2);
      Worker other = Worker.builder(db.qg(), WorkMap.of("Slow", job -> {})).build();
      for (int i = 0; i < 18; i++) {
        assertThat(other.workOne()).as("the others are free").isTrue();
      }
      assertThat(other.workOne()).isFalse();
      release.countDown();
    }
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void givesBackWhatItTookAheadWhenHandlersBecomeSlow() throws Exception {
    db.qg().enqueueAll(Collections.nCopies(3_000, Job.of("Fast")));
    db.qg().enqueueAll(Collections.nCopies(200, Job.of("Slow").withPriority(200)));
    try (WorkerPool pool =
        WorkerPool.builder(
                db.qg(),
                WorkMap.builder()
                    .add("Fast", job -> {})
                    .add("Slow", job -> release.await())
                    .build())
            .count(2)
            .build()) {
      pool.start();
      await().until(() -> pool.snapshot().givenBack() > 0);
      await().until(() -> db.advisoryLocks() == 2);
      release.countDown();
      await().until(() -> pool.snapshot().worked() == 3_200);
      assertThat(db.jobs()).isEmpty();
    }
  }

  @Test
  void holdsNoMoreLocksThanItMay() {
    db.qg().enqueueAll(Collections.nCopies(500, Job.of("Slow")));
    AtomicInteger most = new AtomicInteger();
    try (WorkerPool pool =
        WorkerPool.builder(
                db.qg(),
                WorkMap.of("Slow", job -> most.accumulateAndGet(db.advisoryLocks(), Math::max)))
            .count(3)
            .maxLocked(5)
            .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(most.get()).isBetween(1, 5);
  }

  @Test
  void worksWithFewerLocksThanThreadsWithoutTurningInCircles() {
    db.qg().enqueueAll(Collections.nCopies(50, Job.of("Slow")));
    try (WorkerPool pool =
        WorkerPool.builder(db.qg(), WorkMap.of("Slow", job -> {})).count(3).maxLocked(1).build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
  }

  @Test
  void holdsNothingInVainWhenALookAtAnotherQueueFails() {
    AtomicInteger looks = new AtomicInteger();
    Qg unlucky =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.locks(sql) && looks.incrementAndGet() == 2) {
                    throw new SQLException("canceled", "57014");
                  }
                }));
    db.qg().enqueue(Job.of("Slow").withQueue("a"));
    db.qg().enqueue(Job.of("Slow").withQueue("b"));
    try (WorkerPool pool =
        WorkerPool.builder(unlucky, WorkMap.of("Slow", job -> {}))
            .count(2)
            .queues("a", "b")
            .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(logs.alarms("worker_failing")).hasSize(1);
  }

  private static WorkerPool pool(Qg qg, WorkFunc function) {
    return WorkerPool.builder(qg, WorkMap.of("Slow", function)).count(2).build();
  }
}
