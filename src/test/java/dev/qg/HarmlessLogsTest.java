package dev.qg;

import static dev.qg.fixture.Disclosures.HOSTILE;
import static dev.qg.fixture.Disclosures.JOB;
import static dev.qg.fixture.Disclosures.pool;
import static dev.qg.fixture.Disclosures.worker;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Disclosures;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Text of the table forges no log entry, and arguments are in none, whatever becomes of a job. */
class HarmlessLogsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final Disclosures told = new Disclosures(db, logs);

  @AfterEach
  void tellsNothingConfidential() {
    told.assertHarmless();
  }

  @ParameterizedTest
  @EnumSource
  void whenJobsAreWorkedFailAndAreUnknown(Way way) throws Exception {
    Qg qg = db.qg();
    List<WorkFunc> handlers =
        List.of(
            job -> {},
            job -> {
              throw new IllegalStateException("no");
            },
            job -> job.error("card was declined\nby " + job.type()));
    for (WorkFunc handler : handlers) {
      qg.enqueue(JOB);
      told.work(way, qg, handler);
    }
    told.work(way, qg, "Other", job -> {});
    told.assertEvents("job_worked", "job_failed");
  }

  @Test
  void whenLocksAndJobsAreLost() throws Exception {
    db.qg().enqueue(JOB);
    worker(db.qg(), job -> job.tx().execute("select pg_advisory_unlock_all()")).workOne();
    db.qg().enqueue(JOB);
    worker(db.qg(), job -> db.ctx().execute("delete from que_jobs")).workOne();
    CountDownLatch running = new CountDownLatch(1);
    db.qg().enqueue(JOB);
    try (WorkerPool pool =
        pool(
            db.qg(),
            job -> {
              running.countDown();
              new CountDownLatch(1).await();
            })) {
      pool.start();
      running.await();
      told.add(db.qg().working());
      told.add(db.qg().stats());
      db.ctx().execute("select pg_terminate_backend(?)", db.qg().working().get(0).pid());
      await().until(() -> !logs.events("worker_recovered").isEmpty());
      pool.shutdown(Duration.ZERO);
    }
    told.assertEvents("lock_missing", "job_lost", "lock_session_lost", "job_given_back");
  }

  @Test
  void whenAHandlerIsAbandoned() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    db.qg().enqueue(JOB);
    try (WorkerPool pool =
            WorkerPool.builder(
                    db.qg(),
                    WorkMap.of(
                        HOSTILE,
                        job -> {
                          running.countDown();
                          awaitStubbornly(release);
                        }))
                .queue(HOSTILE)
                .name(HOSTILE)
                .count(1)
                .build();
        WorkerPool same =
            WorkerPool.builder(db.qg(), WorkMap.of("B", job -> {})).name(HOSTILE).build()) {
      same.start();
      pool.start();
      running.await();
      pool.shutdown(Duration.ZERO);
      release.countDown();
    }
    told.assertEvents("handler_abandoned", "pool_name_taken");
  }

  @Test
  void whenJobsAreWorkedByHandOrAtOnce() {
    db.qg().enqueue(JOB);
    told.add(JOB);
    LockedJob job = db.qg().lockJob(HOSTILE).orElseThrow();
    told.add(job);
    job.done();
    told.thrownBy(job::delete);
    Qg atOnce = Qg.builder(db.dataSource()).synchronous(WorkMap.of("B", j -> {})).build();
    told.thrownBy(() -> atOnce.enqueue(JOB));
    told.thrownBy(() -> WorkMap.builder().add(HOSTILE, j -> {}).add(HOSTILE, j -> {}));
    told.thrownBy(
        () -> WorkerPool.builder(db.qg(), WorkMap.of("B", j -> {})).queues(HOSTILE, HOSTILE));
    told.thrownBy(() -> Job.of(HOSTILE + "\0"));
  }

  private static void awaitStubbornly(CountDownLatch latch) {
    boolean done = false;
    while (!done) {
      try {
        latch.await();
        done = true;
      } catch (InterruptedException e) {
        // It takes no notice.
      }
    }
  }
}
