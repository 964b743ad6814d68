package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A handler that runs on after a shutdown took its job away keeps no connection. */
class AbandonedHandlersTest {

  private static final Duration SHORT = Duration.ofMillis(100);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  /** What a handler does that goes on after its job was taken from it. */
  enum Late {
    RETURNS {
      @Override
      void goOn(LockedJob job) {}
    },
    THROWS {
      @Override
      void goOn(LockedJob job) {
        throw new IllegalStateException("late");
      }
    },
    WRITES {
      @Override
      void goOn(LockedJob job) {
        Effects.write(job.tx(), "too late");
      }
    };

    abstract void goOn(LockedJob job);
  }

  @ParameterizedTest
  @EnumSource
  void theConnectionOfAnAbandonedHandlerComesBackAtOnce(Late late) throws Exception {
    db.enqueue("Write");
    HikariDataSource few = db.pool(4);
    try (Qg qg = Qg.create(few)) {
      AtomicBoolean returned = new AtomicBoolean();
      WorkerPool pool =
          WorkerPool.builder(
                  qg,
                  writing(
                      job -> {
                        try {
                          late.goOn(job);
                        } finally {
                          returned.set(true);
                        }
                      }))
              .count(1)
              .build();
      pool.start();
      running.await();
      pool.shutdown(SHORT);
      await("while its handler runs")
          .until(() -> few.getHikariPoolMXBean().getActiveConnections() == 0);
      release.countDown();
      await().untilTrue(returned);
      await().until(() -> pool.shutdown(SHORT));
      assertThat(few.getHikariPoolMXBean().getActiveConnections()).isZero();
      workWithAnother();
      assertThat(Effects.notes(db.ctx())).containsExactly("second");
    }
  }

  @Test
  void theConnectionOfAnAbandonedHandlerOfAWorkerComesBackAtOnce() throws Exception {
    db.enqueue("Write");
    HikariDataSource few = db.pool(2);
    try (Qg qg = Qg.create(few)) {
      Worker worker = Worker.builder(qg, writing(job -> {})).build();
      InThread loop = InThread.start("qg-worker", worker::work);
      running.await();
      worker.shutdown(SHORT);
      await("the lock is free").until(() -> db.advisoryLocks() == 0);
      await("while its handler runs")
          .until(() -> few.getHikariPoolMXBean().getActiveConnections() == 0);
      release.countDown();
      loop.join();
      workWithAnother();
      assertThat(Effects.notes(db.ctx())).containsExactly("second");
    }
  }

  private WorkMap writing(WorkFunc then) {
    return WorkMap.of(
        "Write",
        job -> {
          Effects.write(job.tx(), "first");
          running.countDown();
          awaitStubbornly(release);
          then.work(job);
        });
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
