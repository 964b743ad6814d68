package dev.qg.internal.work;

import static dev.qg.internal.work.JobState.Step.DELETED;
import static dev.qg.internal.work.JobState.Step.ENDING_LATER;
import static dev.qg.internal.work.JobState.Step.FAILED;
import static dev.qg.internal.work.JobState.Step.HELD;
import static dev.qg.internal.work.JobState.Step.LOST;

import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Ending.Failure;
import dev.qg.internal.work.HeldJob.End;
import dev.qg.internal.work.HeldJob.Fault;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a job ends that is held: deleted or failed, fenced by its whole key, within its transaction
 * if that is open, at once or left to somebody who ends many at a time.
 */
final class JobEnd {

  private final HeldJob job;
  private final JobState state;
  private final Statements sql;
  private final JobPolicy policy;
  private final JobTransaction transaction;
  private final @Nullable Consumer<Ending> later;

  JobEnd(
      HeldJob job,
      JobState state,
      Statements sql,
      JobPolicy policy,
      JobTransaction transaction,
      @Nullable Consumer<Ending> later) {
    this.job = job;
    this.state = state;
    this.sql = sql;
    this.policy = policy;
    this.transaction = transaction;
    this.later = later;
  }

  /**
   * Deletes the job: in its transaction if that has begun, else by itself. Again is harmless.
   *
   * @return false if the job was lost, in which case its transaction is undone
   */
  boolean delete() {
    return byHand(
        () -> {
          if (state.is(DELETED)) {
            return true;
          }
          state.require("delete", job, HELD);
          state.ending(() -> policy.onComplete(job));
          return deleted(transaction.call(same -> sql.deleteJob().execute(same, job.row().key())));
        });
  }

  /** Nobody else may hear of what breaks it off. */
  private boolean byHand(BooleanSupplier end) {
    return state.guarded(
        () -> {
          try {
            return end.getAsBoolean();
          } catch (Throwable t) {
            transaction.doubtAfter(t);
            throw t;
          }
        });
  }

  /**
   * Deletes the job and commits, unless it has ended already; or leaves that to be done later.
   *
   * @param report hears how the job ended, now or then
   */
  void complete(Consumer<End> report) {
    state.run(
        () -> {
          if (state.is(HELD)) {
            state.ending(() -> policy.onComplete(job));
            if (isLeft(new Ending(job, null, report))) {
              return;
            }
            deleted(transaction.deleteLast(sql, job.row().key()));
          } else if (state.is(DELETED)) {
            transaction.requireSound();
          }
          if (state.is(DELETED)) {
            transaction.commit();
          }
          report.accept(end());
        });
  }

  private End end() {
    return switch (state.get()) {
      case DELETED -> End.WORKED;
      case FAILED -> End.FAILED;
      default -> End.LOST;
    };
  }

  /**
   * Undoes the job's transaction and records a failure: the job waits for its retry, or is moved to
   * the dead ones. Again is harmless: the first failure counts.
   *
   * @return false if the job was lost
   */
  boolean fail(@Nullable Throwable cause, String message) {
    return byHand(
        () ->
            state.is(FAILED, LOST)
                ? state.is(FAILED)
                : record(prepare(job.faultOf(cause, message))));
  }

  /** The same with a failure that could not be recorded before. */
  boolean fail(Fault fault) {
    return byHand(() -> record(prepare(fault)));
  }

  /** How long the job waits for its retry after a failure, or null if it is given up. */
  @Nullable Duration retryAfter() {
    return policy.retryAfter(job.row());
  }

  /**
   * The same, or leaves that to be done later.
   *
   * @param report hears how the job ended, now or then
   */
  void fail(Fault fault, Consumer<End> report) {
    state.run(
        () -> {
          if (!state.is(FAILED, LOST)) {
            Failure failure = prepare(fault);
            if (isLeft(new Ending(job, failure, report)) || !recordNow(failure, report)) {
              return;
            }
          }
          report.accept(end());
        });
  }

  /** Undoes what the handler wrote, and lets the hook write. */
  private Failure prepare(Fault fault) {
    state.require("record a failure of", job, HELD, DELETED);
    job.setFault(fault);
    transaction.doubtAfter(fault.cause());
    transaction.rollback();
    state.set(HELD);
    String text = fault.isHeard() ? fault.message() : tellHook(fault);
    return new Failure(fault.delay(), ErrorText.storable(text));
  }

  private String tellHook(Fault fault) {
    try {
      state.ending(() -> policy.onFailure(job, fault.cause(), fault.message()));
      transaction.requireSound();
      return fault.message();
    } catch (Throwable e) {
      transaction.doubtAfter(e);
      String both = ErrorText.both(fault.message(), e);
      if (JvmErrors.areIn(e)) {
        // The session may end by that each time: then the failure is recorded without the hook.
        job.setFault(new Fault(null, both, fault.delay(), true));
      }
      transaction.rollback();
      return both;
    }
  }

  private boolean record(Failure failure) {
    boolean hit = new Failures(sql).record(job.row(), transaction, failure);
    if (hit) {
      transaction.commit();
    }
    return fenced(hit, FAILED);
  }

  /** Records a failure with what the hook wrote, or leaves it without that; false in that case. */
  private boolean recordNow(Failure failure, Consumer<End> report) {
    try {
      record(failure);
      return true;
    } catch (Throwable e) {
      transaction.rollbackAfter(e);
      String both = ErrorText.storable(ErrorText.both(failure.error(), e));
      Ending ending = new Ending(job, new Failure(failure.delay(), both), report);
      // It may be committed.
      ending.send();
      if (e instanceof RuntimeException failed && SqlStates.isAnswer(failed)) {
        ending.refuse();
      }
      if (isLeft(ending)) {
        return false;
      }
      throw e;
    }
  }

  /** Leaves the end to others, if there are any and no transaction is open that belongs to it. */
  private boolean isLeft(Ending ending) {
    if (later == null || transaction.isOpen()) {
      return false;
    }
    JobState.Step before = state.get();
    state.set(ENDING_LATER);
    try {
      later.accept(ending);
    } catch (Throwable t) {
      state.set(before);
      throw t;
    }
    return true;
  }

  private boolean deleted(boolean hit) {
    if (!hit) {
      transaction.rollback();
      transaction.call(
          same -> {
            SuppressedException.requireLost(same, sql, job.row());
            return true;
          });
    }
    return fenced(hit, DELETED);
  }

  private boolean fenced(boolean hit, JobState.Step next) {
    state.set(hit ? next : LOST);
    if (!hit) {
      job.lose();
      transaction.rollback();
    }
    return hit;
  }
}
