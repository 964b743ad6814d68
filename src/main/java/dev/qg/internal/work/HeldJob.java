package dev.qg.internal.work;

import static dev.qg.internal.work.JobState.Step.DELETED;
import static dev.qg.internal.work.JobState.Step.DONE;
import static dev.qg.internal.work.JobState.Step.ENDING;
import static dev.qg.internal.work.JobState.Step.ENDING_LATER;
import static dev.qg.internal.work.JobState.Step.FAILED;
import static dev.qg.internal.work.JobState.Step.HELD;
import static dev.qg.internal.work.JobState.Step.LOST;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.time.Duration;
import java.util.function.Consumer;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A job whose lock is held, from then until it is done: its transaction, and how it ends. Whoever
 * holds it works on it; another thread may {@link #revoke} it or tell it that it is lost, at any
 * time.
 */
public final class HeldJob implements AutoCloseable {

  /** How the work on a job has ended. */
  enum End {
    WORKED,
    FAILED,
    LOST,
    /** Its end is not written: it is as it was, and will run again. */
    GIVEN_BACK
  }

  /**
   * Why a job fails.
   *
   * @param delay how long it waits for its retry, or null if it is given up
   * @param isHeard whether the hook has heard of it
   */
  record Fault(
      @Nullable Throwable cause, String message, @Nullable Duration delay, boolean isHeard) {}

  private static final Consumer<HeldJob> DONE_WITH = HeldJob::done;
  private static final Consumer<HeldJob> ENDED_LATER = HeldJob::releaseIfLater;

  private final JobRow row;
  private final JobTransaction transaction;
  private final JobView view;
  private final JobState state = new JobState();
  private final JobEnd end;
  private final Consumer<HeldJob> release;

  /** Written by whoever learns that the lock is gone, while the holder works on. */
  private volatile boolean lost;

  private @Nullable Fault fault;

  /**
   * @param byHand whether its holder may commit and roll back its transaction
   * @param later takes over the end of the job where no transaction is open; or null
   * @param release gives the lock back; called once, after everything has been committed or undone
   */
  HeldJob(
      JobRow row,
      Statements sql,
      JobPolicy policy,
      JobTransaction transaction,
      boolean byHand,
      @Nullable Consumer<Ending> later,
      Consumer<HeldJob> release) {
    this.row = row;
    this.transaction = transaction;
    this.view = new JobView(this, policy.configuration(), byHand);
    this.end = new JobEnd(this, state, sql, policy, transaction, later);
    this.release = release;
  }

  public JobRow row() {
    return row;
  }

  /** The connection of the job's transaction, which this begins; to close it does nothing. */
  public Connection connection() {
    return state.guarded(
        () -> {
          begin();
          return view.connection();
        });
  }

  /** Begins the job's transaction, if there is still to be one. */
  Connection begin() {
    return state.guarded(
        () -> {
          state.require("use the transaction of", this, HELD, ENDING, DELETED);
          if (state.is(DELETED) && !transaction.isOpen()) {
            throw new IllegalStateException(
                this + " is deleted and committed: its transaction must begin before the deletion");
          }
          return transaction.begin();
        });
  }

  /** The job's transaction, which this begins. */
  public DSLContext tx() {
    return state.guarded(() -> view.tx(begin(), this::mark));
  }

  /** What takes a deletion back that is part of the nested transaction which begins now. */
  private Runnable mark() {
    JobState.Step before = state.get();
    return () -> {
      if (state.is(DELETED)) {
        state.set(before);
      }
    };
  }

  /**
   * Deletes the job: in its transaction if that has begun, else by itself. Again is harmless.
   *
   * @return false if the job was lost, in which case its transaction is undone
   */
  public boolean delete() {
    return end.delete();
  }

  /** Deletes the job as its handler has returned, now or later; the report hears how it ended. */
  void complete(Consumer<End> report) {
    end.complete(report);
  }

  /**
   * Undoes the job's transaction and records a failure: the job waits for its retry, or is moved to
   * the dead ones. Again is harmless: the first failure counts.
   *
   * @return false if the job was lost
   */
  public boolean fail(@Nullable Throwable cause, String message) {
    return end.fail(cause, message);
  }

  /** The same, of which the hook may have heard. */
  boolean fail(Fault again) {
    return end.fail(again);
  }

  /** The same, with the text of an error. */
  public boolean fail(Throwable error) {
    return fail(error, ErrorText.of(error));
  }

  /** Fails the job as its handler has failed, now or later; the report hears how it ended. */
  void fail(Fault known, Consumer<End> report) {
    end.fail(known, report);
  }

  /** Hears what its handler has thrown, before anything else is done with it. */
  void doubtAfter(Throwable failure) {
    transaction.doubtAfter(failure);
  }

  /** What a failure makes of it: the policy is asked once, as it may be random. */
  Fault faultOf(@Nullable Throwable cause, String message) {
    Duration delay = fault == null ? end.retryAfter() : fault.delay();
    return new Fault(cause, message, delay, false);
  }

  /** Why it is to fail, by what is known now. */
  void setFault(Fault known) {
    fault = known;
  }

  /** Why it was to fail, if it was. */
  @Nullable Fault fault() {
    return fault;
  }

  /** Gives the lock back, for certain, of a job whose end was left to the caller. */
  void endedLater() {
    NoMemory.surely(this, ENDED_LATER);
  }

  /** Tells the holder that the lock is gone, if it looks. */
  void lose() {
    lost = true;
  }

  public boolean isLost() {
    return lost;
  }

  /**
   * Gives the lock back, after committing the transaction if the job was deleted in it and undoing
   * it otherwise. Again is harmless.
   */
  public void done() {
    state.run(
        () -> {
          if (state.is(DONE, ENDING_LATER)) {
            return;
          }
          boolean commit = state.is(DELETED);
          state.set(DONE);
          try {
            if (commit) {
              transaction.requireSound();
              transaction.commit();
            } else {
              transaction.rollback();
            }
          } catch (Throwable t) {
            transaction.rollbackAfter(t);
            throw t;
          } finally {
            release.accept(this);
          }
        });
  }

  /** The same for certain: where there is no memory for it, as soon as there is. */
  void letGo() {
    NoMemory.surely(this, DONE_WITH);
  }

  /**
   * Takes the job from its holder, who may be using its transaction at this moment: that ends with
   * the session, since what is rolled back could be written on in auto-commit mode.
   */
  void revoke() {
    releaseIf(HELD, ENDING, DELETED, FAILED, LOST);
  }

  /**
   * Takes the job from a handler that doesn't return, without waiting for it: its session ends, if
   * it has a transaction open, and it can begin no other. Where it is about to end the job at this
   * moment, the job's key fences that.
   *
   * @return whether the lock is the caller's to give back
   */
  boolean abandon() {
    lose();
    transaction.abandon();
    return state.abandon();
  }

  private void releaseIfLater() {
    releaseIf(ENDING_LATER);
  }

  private void releaseIf(JobState.Step... steps) {
    state.run(
        () -> {
          if (state.is(steps)) {
            state.set(DONE);
            release.accept(this);
          }
        });
  }

  /** The same as {@link #done}. */
  @Override
  public void close() {
    done();
  }

  @Override
  public String toString() {
    return row.toString();
  }
}
