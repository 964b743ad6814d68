package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A failure that can't be written down makes the worker wait, not loop, and is written when it can.
 */
class UnrecordedFailuresTest {

  private static final int ATTEMPTS = 4;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final List<Long> attempts = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger runs = new AtomicInteger();
  private Qg qg;

  @BeforeEach
  void watchTheAttemptsToRecordAFailure() {
    qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.retries(sql)) {
                    attempts.add(System.nanoTime());
                  }
                }));
  }

  @Test
  void triesToRecordItAgainWithGrowingPausesAndWorksOtherJobsMeanwhile() {
    refuseUpdates();
    long id = db.enqueue("Fail");
    WorkMap map =
        WorkMap.builder()
            .add(
                "Fail",
                job -> {
                  runs.incrementAndGet();
                  // Nor does an interrupt that is left behind cut the pauses short.
                  Thread.currentThread().interrupt();
                  throw new IllegalStateException("the handler's own");
                })
            .add("Other", job -> {})
            .build();
    try (WorkerPool pool =
        WorkerPool.builder(qg, map).count(1).interval(Duration.ofMillis(10)).build()) {
      pool.start();
      await().until(() -> attempts.size() >= ATTEMPTS);
      assertThat(db.job(id).getErrorCount()).isZero();
      db.enqueue("Other");
      await().until(() -> db.jobs().size() == 1);
      allowUpdates();
      await().until(() -> db.job(id).getErrorCount() == 1);
      await().until(() -> logs.events("worker_recovered").size() == 1);
    }
    assertThat(runs).as("the handler is not run for it again").hasValue(1);
    assertThat(db.job(id).getLastError()).contains("the handler's own");
    for (int i = 1; i < ATTEMPTS; i++) {
      Duration pause = Duration.ofNanos(attempts.get(i) - attempts.get(i - 1));
      assertThat(pause).isGreaterThanOrEqualTo(Duration.ofMillis(50L << i));
    }
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.events("job_failed"))
        .singleElement()
        .matches(entry -> entry.getThrowableProxy().getMessage().equals("the handler's own"));
    assertThat(logs.events("end_not_recorded"))
        .singleElement()
        .matches(entry -> entry.getThrowableProxy().getMessage().contains("not now"));
  }

  @Test
  void keepsNoLockAndNoTransactionOfAJobWhoseFailureIsNotRecorded() {
    refuseUpdates();
    long id = db.enqueue("Fail");
    Worker worker =
        Worker.builder(
                db.qg(),
                WorkMap.of(
                    "Fail",
                    job -> {
                      job.tx().selectOne().execute();
                      throw new IllegalStateException("the handler's own");
                    }))
            .build();
    assertThatThrownBy(worker::workOne).hasMessageContaining("not now");
    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.job(id).getErrorCount()).isZero();
    assertThat(db.openTransactions()).isZero();
  }

  @Test
  void isRecordedByWhicheverWorkerHasTheJobNext() {
    long id = db.enqueue("Fail");
    WorkMap map =
        WorkMap.of(
            "Fail",
            job -> {
              runs.incrementAndGet();
              job.tx().execute("select pg_terminate_backend(pg_backend_pid())");
            });
    assertThatThrownBy(Worker.builder(qg, map).build()::workOne).hasMessageContaining("roll back");
    assertThat(db.job(id).getErrorCount()).isZero();

    assertThat(Worker.builder(qg, map).build().workOne()).isTrue();

    assertThat(runs).hasValue(1);
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("terminat");
  }

  @Test
  void isToldToAHookThatCouldNotWriteBeforeOnASessionThatHadEnded() {
    Effects.createTable(db.ctx());
    JobHooks hooks =
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            Effects.write(job.tx(), "by the hook");
          }
        };
    WorkMap map =
        WorkMap.of(
            "Fail",
            job -> {
              runs.incrementAndGet();
              db.ctx().execute("select pg_terminate_backend(?)", db.qg().working().get(0).pid());
              throw new IllegalStateException("the handler's own");
            });
    long id = db.enqueue("Fail");
    try (Qg client = Qg.builder(db.dataSource()).hooks(hooks).build()) {
      Worker worker = Worker.builder(client, map).build();
      assertThatThrownBy(worker::workOne).hasMessageContaining("roll back");
      await().until(() -> db.advisoryLocks() == 0);
      assertThat(worker.workOne()).isTrue();
    }
    assertThat(runs).hasValue(1);
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(Effects.notes(db.ctx())).containsExactly("by the hook");
  }

  @Test
  void waitsAfterAJobThatIsLostEachTime() {
    db.enqueue("Stay");
    WorkMap map =
        WorkMap.of(
            "Stay",
            job -> {
              attempts.add(System.nanoTime());
              db.ctx().execute("update que_jobs set run_at = run_at - interval '1 ms'");
            });
    // A listener has the pool look at once when it begins, which may be late.
    try (WorkerPool pool =
        WorkerPool.builder(db.qg(), map)
            .count(1)
            .interval(Duration.ofMillis(10))
            .listening(false)
            .build()) {
      pool.start();
      await().until(() -> attempts.size() >= ATTEMPTS);
    }
    for (int i = 1; i < ATTEMPTS; i++) {
      Duration pause = Duration.ofNanos(attempts.get(i) - attempts.get(i - 1));
      assertThat(pause).isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }
    assertThat(logs.alarms("job_lost")).hasSizeGreaterThanOrEqualTo(ATTEMPTS - 1);
  }

  private void refuseUpdates() {
    db.ctx()
        .execute(
            "create function refuse() returns trigger language plpgsql"
                + " as 'begin raise exception ''not now''; end'");
    db.ctx()
        .execute(
            "create trigger refuse before update on que_jobs"
                + " for each row execute function refuse()");
  }

  private void allowUpdates() {
    db.ctx().execute("drop trigger refuse on que_jobs");
  }
}
