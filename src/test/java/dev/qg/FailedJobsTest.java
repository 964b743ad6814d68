package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job fails as a whole: what it wrote is undone, one error is counted, and it waits. */
class FailedJobsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void undoesWhatTheHandlerWrote() {
    long id = db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "undone");
          throw new IllegalStateException("no");
        });
    assertFailed(id, "IllegalStateException: no");
  }

  @Test
  void undoesAlsoTheDeletionThatTheHandlerAskedFor() {
    long id = db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "undone");
          job.delete();
          throw new IllegalStateException("after the deletion");
        });
    assertFailed(id, "after the deletion");
  }

  @Test
  void failsAHandlerThatSwallowedTheErrorOfAStatement() {
    long id = db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "undone");
          assertThatThrownBy(() -> job.tx().execute("select 1 / 0"))
              .isInstanceOf(DataAccessException.class);
        });
    assertFailed(id, "current transaction is aborted");
    // It tells whose fault that is, with the error and the line of the handler.
    assertThat(db.job(id).getLastError())
        .containsSubsequence(
            "An earlier statement in this transaction failed, of the handler",
            "(ERROR: division by zero)",
            "Caused by: org.postgresql.util.PSQLException: ERROR: division by zero",
            "at dev.qg.FailedJobsTest");
  }

  @Test
  void failsAHandlerThatSwallowedTheErrorOfAStatementAfterItsDeletion() {
    long id = db.enqueue("Write");
    work(
        job -> {
          job.tx();
          job.delete();
          assertThatThrownBy(() -> job.tx().execute("select 1 / 0"))
              .isInstanceOf(DataAccessException.class);
        });
    assertFailed(id, "A statement has failed in the job's transaction");
  }

  @Test
  void refusesToCompleteByHandWhatAFailedStatementHasUndone() {
    long id = db.enqueue("Write");
    LockedJob job = db.qg().lockJob("").orElseThrow();
    Effects.write(job.tx(), "undone");
    job.delete();
    assertThatThrownBy(() -> job.tx().execute("select 1 / 0"))
        .isInstanceOf(DataAccessException.class);
    assertThatThrownBy(job::done).isInstanceOf(DataAccessException.class);
    job.done();
    assertThat(db.job(id).getErrorCount()).isZero();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void failsAHandlerWhoseWritesAreRefusedAtTheCommit() {
    db.ctx()
        .execute(
            "alter table effects add constraint once unique (note) deferrable initially deferred");
    long id = db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "twice");
          Effects.write(job.tx(), "twice");
        });
    assertFailed(id, "violates unique constraint \"once\"");
  }

  @Test
  void letsAHandlerDeleteItsJobItself() {
    db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "written");
          job.delete();
          job.delete();
          job.done();
          Effects.write(job.tx(), "written too");
        });
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("written", "written too");
    assertThat(logs.events("job_worked")).hasSize(1);
  }

  @Test
  void letsAHandlerFailItsJobItself() {
    long id = db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "undone");
          job.error("not today");
          job.error("said twice");
        });
    assertFailed(id, "not today");
    assertThat(db.job(id).getLastError()).isEqualTo("not today");
    assertThat(logs.events("job_failed")).hasSize(1);
    assertThat(logs.events("job_worked")).isEmpty();
  }

  @Test
  void countsOneErrorForAHandlerThatFailsItsJobAndThrows() {
    long id = db.enqueue("Write");
    work(
        job -> {
          job.error("not today");
          throw new IllegalStateException("and this");
        });
    assertFailed(id, "not today");
  }

  @Test
  void leavesTheLockToTheWorkerWhenAHandlerSaysThatItIsDone() {
    db.enqueue("Write");
    work(
        job -> {
          job.done();
          job.close();
          assertThat(db.qg().lockJob("")).isEmpty();
          Effects.write(job.tx(), "written");
        });
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("written");
  }

  @Test
  void countsNoFurtherThanAnIntegerAndWaitsAllTheSame() {
    long id = db.enqueue("Write");
    db.ctx().execute("update que_jobs set error_count = 2147483647");
    work(
        job -> {
          throw new IllegalStateException("no");
        });
    assertThat(db.job(id).getErrorCount()).isEqualTo(Integer.MAX_VALUE);
    assertThat(db.job(id).getLastError()).contains("IllegalStateException: no");
    assertThat(
            db.ctx()
                .fetchValue(
                    "select run_at between now() + '6 days 23 hours' and now() + '7 days'"
                        + " from que_jobs"))
        .isEqualTo(true);
  }

  @Test
  void keepsAnInterruptThatAHandlerLeavesFromTheNextJobOfAPool() {
    db.qg().enqueueAll(Collections.nCopies(3, Job.of("Write")));
    List<Boolean> interrupted = Collections.synchronizedList(new ArrayList<>());
    WorkMap map =
        WorkMap.of(
            "Write",
            job -> {
              interrupted.add(Thread.currentThread().isInterrupted());
              new CountDownLatch(0).await();
              Effects.write(job.tx(), "written");
              Thread.currentThread().interrupt();
            });
    try (WorkerPool pool =
        WorkerPool.builder(db.qg(), map).count(1).interval(Duration.ofHours(1)).build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(interrupted).containsExactly(false, false, false);
    assertThat(logs.events("job_worked")).hasSize(3);
  }

  private void work(WorkFunc function) {
    assertThat(Worker.builder(db.qg(), WorkMap.of("Write", function)).build().workOne()).isTrue();
  }

  private void assertFailed(long id, String error) {
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains(error);
    assertThat(db.ctx().fetchValue("select run_at > now() from que_jobs")).isEqualTo(true);
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }
}
