package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rows with one id, such as somebody has copied, are jobs of which one runs at a time, since they
 * share a lock; each is worked once, and none is forgotten.
 */
class CopiedJobsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger running = new AtomicInteger();
  private final CountDownLatch otherWasWorked = new CountDownLatch(1);

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @ParameterizedTest
  @CsvSource({"'', true", "'', false", "copies, true", "copies, false"})
  void runOneAfterAnotherInAPool(String queue, boolean inTransaction) {
    copy(db.enqueue("Copied"), queue, 3);
    db.qg().enqueue(Job.of("Other").withPriority(200));
    WorkMap workMap =
        WorkMap.builder()
            .add("Copied", job -> work(job, inTransaction))
            .add("Other", job -> otherWasWorked.countDown())
            .build();
    try (WorkerPool pool = pool(db.qg(), workMap)) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> db.advisoryLocks() == 0);
      await().until(() -> pool.snapshot().worked() == 5);
    }
    assertThat(Effects.notes(db.ctx())).hasSize(4);
    assertThat(logs.alarms("job_lost")).isEmpty();
    assertThat(logs.alarms("lock_missing")).isEmpty();
  }

  @Test
  void runOneAfterAnotherInAWorker() {
    copy(db.enqueue("Copied"), "", 3);
    otherWasWorked.countDown();
    Worker worker = Worker.builder(db.qg(), WorkMap.of("Copied", job -> work(job, true))).build();
    for (int i = 0; i < 4; i++) {
      assertThat(worker.workOne()).isTrue();
    }
    assertThat(worker.workOne()).isFalse();
    assertThat(Effects.notes(db.ctx())).hasSize(4);
  }

  /** The lock query has taken their lock several times, and doesn't tell as the next one fails. */
  @Test
  void leaveNoLockBehindWhereTheyCanNotBeRead() {
    copy(db.enqueue("Copied"), "", 3);
    otherWasWorked.countDown();
    db.ctx().execute("alter table que_jobs rename column last_error to no_error");
    try (WorkerPool pool = pool(db.qg(), WorkMap.of("Copied", job -> work(job, true)))) {
      pool.start();
      await().until(() -> !logs.alarms("worker_failing").isEmpty());
      await().until(() -> db.advisoryLocks() == 0);
      db.ctx().execute("alter table que_jobs rename column no_error to last_error");
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(Effects.notes(db.ctx())).hasSize(4);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
  }

  /** The dead ones have one row for an id. */
  @Test
  void waitWhereOneOfThemIsDeadAlready() {
    long id = db.enqueue("Copied");
    copy(id, "copies", 1);
    Qg mortal =
        Qg.builder(db.dataSource())
            .retryPolicy(RetryPolicy.builder().maxAttempts(1).build())
            .build();
    WorkFunc failing =
        job -> {
          throw new IllegalStateException("no use");
        };
    WorkMap workMap = WorkMap.builder().add("Copied", failing).add("Other", job -> {}).build();
    try (WorkerPool pool = pool(mortal, workMap)) {
      pool.start();
      await().until(() -> pool.snapshot().failed() == 2);
      assertThat(logs.events("burial_failed")).hasSize(1);
      assertThat(db.ctx().fetchSingle(QG_DEAD_JOBS).getJobId()).isEqualTo(id);
      assertThat(db.job(id).getErrorCount()).isOne();
      assertThat(db.job(id).getLastError())
          .startsWith("It could not be given up: ")
          .contains("qg_dead_jobs_pkey", "no use");

      db.qg().enqueueAll(Collections.nCopies(10, Job.of("Other")));
      await().until(() -> db.jobs().size() == 1);

      db.ctx().deleteFrom(QG_DEAD_JOBS).execute();
      db.ctx().execute("update que_jobs set run_at = now()");
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(db.ctx().fetchSingle(QG_DEAD_JOBS).getErrorCount()).isEqualTo(2);
    assertThat(logs.events("burial_failed")).hasSize(1);
  }

  private void work(LockedJob job, boolean inTransaction) throws InterruptedException {
    assertThat(running.incrementAndGet()).isOne();
    otherWasWorked.await();
    Effects.write(inTransaction ? job.tx() : db.ctx(), "worked");
    running.decrementAndGet();
  }

  private void copy(long id, String queue, int copies) {
    for (int i = 1; i <= copies; i++) {
      db.ctx()
          .execute(
              "insert into que_jobs (queue, run_at, job_id, job_class)"
                  + " select ?, run_at + ? * interval '1 microsecond', job_id, job_class"
                  + " from que_jobs where job_id = ? limit 1",
              queue,
              -i,
              id);
    }
  }

  private static WorkerPool pool(Qg qg, WorkMap workMap) {
    return WorkerPool.builder(qg, workMap)
        .queues("", "copies")
        .count(4)
        .interval(Duration.ofMillis(50))
        .build();
  }
}
