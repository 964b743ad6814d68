package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whatever a handler does with threads, the other jobs of its pool are worked. */
class HandlersThreadTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void itNeverReturns() {
    CountDownLatch end = new CountDownLatch(1);
    long stuck = db.qg().enqueue(Job.of("Bad").withPriority(1));
    for (int i = 0; i < 20; i++) {
      db.enqueue("Good");
    }
    WorkerPool pool = pool(2, job -> end.await());
    pool.start();
    try {
      await().until(() -> db.jobs().size() == 1);
      assertThat(db.job(stuck).getErrorCount()).isZero();
      assertThat(Effects.notes(db.ctx())).hasSize(20);
      await("the locks of the others are released").until(() -> db.advisoryLocks() == 1);
      assertThat(pool.shutdown(Duration.ZERO)).isFalse();
      assertThat(db.jobs()).hasSize(1);
    } finally {
      // It is there for as long as the test wants it, and not longer.
      end.countDown();
    }
  }

  @Test
  void itChangesItsThreadAndInterruptsItself() {
    workBadThenGood(
        job -> {
          Thread.currentThread().setName("qg-mine");
          Thread.currentThread().setContextClassLoader(null);
          Thread.currentThread().interrupt();
        });

    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void itWritesFromManyThreadsAtOnce() {
    workBadThenGood(
        job -> {
          DSLContext tx = job.tx();
          List<CompletableFuture<Void>> writers = new ArrayList<>();
          for (int i = 0; i < 8; i++) {
            writers.add(CompletableFuture.runAsync(() -> Effects.write(tx, "bad")));
          }
          writers.forEach(CompletableFuture::join);
        });

    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).hasSize(9);
    assertThat(db.ctx().fetchValue("select count(distinct xid) from effects where note = 'bad'"))
        .isEqualTo(1L);
  }

  @Test
  void itWritesAfterItHasReturned() {
    AtomicReference<DSLContext> kept = new AtomicReference<>();
    workBadThenGood(
        job -> {
          kept.set(job.tx());
          Effects.write(kept.get(), "bad");
        });

    assertThat(CompletableFuture.runAsync(() -> Effects.write(kept.get(), "late")))
        .failsWithin(Duration.ofSeconds(60));
    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
  }

  @Test
  void itLeavesNestedTransactionsOpen() {
    workBadThenGood(
        job -> {
          job.tx()
              .transaction(
                  nested -> {
                    Effects.write(DSL.using(nested), "bad");
                    job.connection().setSavepoint("left");
                  });
          job.connection().setSavepoint();
        });

    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
  }

  @Test
  void itDeletesItsJobAndThenFails() {
    workBadThenGood(
        job -> {
          Effects.write(job.tx(), "bad");
          job.delete();
          throw new IllegalStateException("too late");
        });

    assertThat(db.jobs()).singleElement().returns(1, job -> job.getErrorCount());
    assertThat(Effects.notes(db.ctx())).containsExactly("good");
  }

  @Test
  void itEnqueuesItselfForEver() {
    AtomicInteger runs = new AtomicInteger();
    workBadThenGood(
        job -> {
          runs.incrementAndGet();
          db.qg().enqueue(job.tx(), Job.of("Bad"));
        });

    assertThat(runs).hasPositiveValue();
    assertThat(db.jobs()).singleElement().returns("Bad", job -> job.getJobClass());
  }

  @Test
  void itShutsItsOwnPoolDown() {
    long id = db.qg().enqueue(Job.of("Bad").withPriority(1));
    AtomicReference<WorkerPool> own = new AtomicReference<>();
    CompletableFuture<Boolean> inTime = new CompletableFuture<>();
    own.set(pool(1, job -> inTime.complete(own.get().shutdown(Duration.ZERO))));
    own.get().start();

    assertThat(inTime).succeedsWithin(Duration.ofSeconds(60)).isEqualTo(false);
    await().until(() -> db.advisoryLocks() == 0);
    assertThat(db.job(id).getErrorCount()).isZero();
    assertThat(logs.alarms("handler_abandoned")).hasSize(1);
  }

  /** Works a job, and another one after it on the same thread. */
  private void workBadThenGood(WorkFunc handler) {
    db.qg().enqueue(Job.of("Bad").withPriority(1));
    db.enqueue("Good");
    try (WorkerPool pool = pool(1, handler)) {
      pool.start();
      await().until(() -> Effects.notes(db.ctx()).contains("good"));
      await().until(() -> db.jobs().stream().noneMatch(job -> job.getJobClass().equals("Good")));
    }
  }

  private WorkerPool pool(int count, WorkFunc bad) {
    WorkMap map =
        WorkMap.builder()
            .add("Bad", bad)
            .add("Good", job -> Effects.write(job.tx(), "good"))
            .build();
    return db.closeLater(
        WorkerPool.builder(db.qg(), map).count(count).interval(Duration.ofMillis(100)).build());
  }
}
