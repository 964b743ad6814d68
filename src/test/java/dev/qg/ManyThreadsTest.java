package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.util.Collections;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Hundreds of handlers live with a few connections, on platform threads or on virtual ones. */
class ManyThreadsTest {

  private static final int JOBS = 500;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void shareTheConnectionsThatTheirTransactionsTake() {
    Effects.createTable(db.ctx());
    HikariDataSource few = db.pool(5);
    db.qg().enqueueAll(Collections.nCopies(JOBS, Job.of("Do")));
    try (Qg qg = Qg.create(few);
        WorkerPool pool =
            builder(qg, job -> Effects.write(job.tx(), "" + job.id())).count(200).build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(Effects.notes(db.ctx())).hasSize(JOBS).doesNotHaveDuplicates();
  }

  @Test
  void holdNoConnectionWhileTheyUseNoTransaction() throws Exception {
    HikariDataSource few = db.pool(3);
    db.qg().enqueueAll(Collections.nCopies(100, Job.of("Do")));
    CountDownLatch all = new CountDownLatch(100);
    try (Qg qg = Qg.create(few);
        WorkerPool pool =
            builder(
                    qg,
                    job -> {
                      all.countDown();
                      all.await();
                    })
                .count(100)
                .build()) {
      pool.start();
      all.await();
      await().until(() -> db.jobs().isEmpty());
    }
  }

  @Test
  void areVirtualWhereJavaHasThemAndRefusedWhereNot() {
    WorkerPool.Builder builder = builder(db.qg(), job -> {});
    if (Runtime.version().feature() < 21) {
      assertThatThrownBy(builder::virtualThreads)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("virtualThreads needs Java 21")
          .hasMessageContaining(String.valueOf(Runtime.version().feature()));
      return;
    }
    Effects.createTable(db.ctx());
    Set<String> threads = ConcurrentHashMap.newKeySet();
    db.qg().enqueueAll(Collections.nCopies(JOBS, Job.of("Do")));
    HikariDataSource few = db.pool(10);
    try (Qg qg = Qg.create(few);
        WorkerPool pool =
            builder(
                    qg,
                    job -> {
                      threads.add(Thread.currentThread().toString());
                      Effects.write(job.tx(), "" + job.id());
                    })
                .count(1_000)
                .virtualThreads()
                .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(threads).isNotEmpty().allMatch(thread -> thread.startsWith("VirtualThread"));
    assertThat(Effects.notes(db.ctx())).hasSize(JOBS).doesNotHaveDuplicates();
  }

  private static WorkerPool.Builder builder(Qg qg, WorkFunc function) {
    return WorkerPool.builder(qg, WorkMap.of("Do", function));
  }
}
