package dev.qg.internal.work;

import static java.util.Objects.requireNonNull;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.Retry;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is to be written about a job whose handler has returned and left no transaction open, and
 * how far that is. For the thread that it was left to.
 */
final class Ending {

  /**
   * A failure as it is recorded.
   *
   * @param delay how long the job waits for its retry, or null if it is given up
   * @param error a text that the database can hold
   */
  record Failure(@Nullable Duration delay, String error) {}

  private enum State {
    NEW,
    /** The server has refused it, or it hit no row: that is known not to be written. */
    REFUSED,
    /** It is under way, or has failed together with others or without an answer. */
    SENT,
    /** It was sent again after that: the first time, it may have been committed all the same. */
    UNCERTAIN,
    SETTLED
  }

  private final HeldJob job;
  private final @Nullable Failure failure;
  private final Consumer<HeldJob.End> report;

  private State state = State.NEW;

  /**
   * @param failure null to delete the job
   * @param report hears how it ended, when that is committed
   */
  Ending(HeldJob job, @Nullable Failure failure, Consumer<HeldJob.End> report) {
    this.job = job;
    this.failure = failure;
    this.report = report;
  }

  HeldJob job() {
    return job;
  }

  @Nullable Failure failure() {
    return failure;
  }

  Consumer<HeldJob.End> report() {
    return report;
  }

  JobKey key() {
    return job.row().key();
  }

  /** As a retry, which it must be. */
  Retry retry() {
    Failure retried = requireNonNull(failure);
    return new Retry(key(), requireNonNull(retried.delay()), retried.error());
  }

  boolean isNew() {
    return state == State.NEW;
  }

  boolean isUncertain() {
    return state == State.UNCERTAIN;
  }

  boolean isSettled() {
    return state == State.SETTLED;
  }

  /** Hears that its statement is about to be sent; this needs no memory. */
  void send() {
    state = state == State.SENT || state == State.UNCERTAIN ? State.UNCERTAIN : State.SENT;
  }

  /** Hears that the server has refused the statement that was sent last, or that it hit no row. */
  void refuse() {
    if (state == State.SENT) {
      state = State.REFUSED;
    }
  }

  /** Hears that it is known to be committed; this needs no memory. */
  void settle() {
    state = State.SETTLED;
  }
}
