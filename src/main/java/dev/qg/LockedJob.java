package dev.qg;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.work.HeldJob;
import java.sql.Connection;
import java.time.Instant;
import java.util.Optional;
import org.jooq.DSLContext;
import org.jooq.JSON;

/**
 * A job whose advisory lock is held: nobody else works it.
 *
 * <p>A {@link WorkFunc} gets one from its worker, which deletes it or records its failure, and then
 * gives it back. Who took one by {@link Qg#lockJob} does so by hand:
 *
 * <pre>{@code
 * qg.lockJob("").ifPresent(locked -> {
 *   try (LockedJob job = locked) {
 *     job.tx().insertInto(RECEIPTS).set(RECEIPTS.ARGS, job.args()).execute();
 *     job.delete();
 *   }
 * });
 * }</pre>
 *
 * <p>For one thread at a time, except that {@link Qg#close()} may end it from another one, and
 * {@link #isLost()} may be asked by any.
 */
public final class LockedJob implements AutoCloseable {

  private final HeldJob held;
  private final boolean byHand;

  LockedJob(HeldJob held, boolean byHand) {
    this.held = held;
    this.byHand = byHand;
  }

  private JobRow row() {
    return held.row();
  }

  /** The job's id, unique in its table, and the key of its advisory lock. */
  public long id() {
    return row().key().id();
  }

  /** The queue that the job is in. */
  public String queue() {
    return row().key().queue();
  }

  /** The priority; the lower, the more urgent. */
  public short priority() {
    return row().key().priority();
  }

  /**
   * The time from which this attempt was due. What the database holds as an infinity is the instant
   * of {@link java.time.OffsetDateTime#MIN} or {@code MAX} here.
   */
  public Instant runAt() {
    return row().key().runAt().toInstant();
  }

  /** The type, which named the handler. */
  public String type() {
    return row().type();
  }

  /** The arguments: whatever JSON the job was enqueued with. */
  public JSON args() {
    return row().args();
  }

  /** How often the job had failed before it was locked. */
  public int errorCount() {
    return row().errorCount();
  }

  /** The error of the last failure, if there was one. */
  public Optional<String> lastError() {
    return Optional.ofNullable(row().lastError());
  }

  /**
   * The JDBC connection of the job's transaction, which begins with the first call of this or
   * {@link #tx()}. For a job of {@link Qg#lockJob} or a {@link Worker} it is the session that holds
   * the job's lock; a {@link WorkerPool} takes one from the {@code DataSource} then. To close it
   * does nothing. A handler can't commit it or roll it back, but to a savepoint, and fails if it
   * does so by SQL; who works a job by hand may do both.
   *
   * @throws IllegalStateException if the job has ended
   * @throws org.jooq.exception.DataAccessException if the transaction can't begin
   */
  public Connection connection() {
    return held.connection();
  }

  /**
   * The job's transaction, which begins with the first call: what is written through it commits
   * together with the job's deletion, exactly once. {@code tx().transaction(…)} nests in it by
   * savepoints. A job whose transaction is never asked for holds none open.
   *
   * @throws IllegalStateException if the job has ended
   * @throws org.jooq.exception.DataAccessException if the transaction can't begin
   */
  public DSLContext tx() {
    return held.tx();
  }

  /**
   * Whether it is known that the job's lock is gone: the session that held it has ended, a shutdown
   * has taken the job away, or its row was gone when it was to end. Another worker may work it now.
   * A handler whose effects can't be undone should look before it has them; its writes through the
   * job's transaction are undone if another worker was faster. The thread of a handler is
   * interrupted when a {@link WorkerPool} learns of the loss. May be called by any thread.
   */
  public boolean isLost() {
    return held.isLost();
  }

  /**
   * Completes the job by deleting it, after {@link JobHooks#onComplete}: within the job's
   * transaction, if that has begun, to be committed by {@link #done()}, or else at once. Again is
   * harmless. A {@link WorkFunc} needn't call it.
   *
   * @throws JobLostException if its row is gone or has changed; its transaction is undone
   * @throws IllegalStateException if the job has ended otherwise, or if its row is there but can't
   *     be found by its transaction, such as by another {@code search_path}; that is undone then
   * @throws org.jooq.exception.DataAccessException if the database did not delete it
   */
  public void delete() {
    if (!held.delete()) {
      throw new JobLostException(held.toString());
    }
  }

  /**
   * Fails the job: undoes its transaction, counts an error, keeps the message and lets the job wait
   * for its retry, or gives it up, as its {@link RetryPolicy} says. All of it is committed on
   * return. Again is harmless: the first failure counts.
   *
   * @param message kept on the job; what PostgreSQL can't store in it is replaced by U+FFFD, and it
   *     is cut at 32,768 characters
   * @throws JobLostException if its row is gone or has changed
   * @throws IllegalStateException if the job was given back
   * @throws org.jooq.exception.DataAccessException if the database did not record it
   */
  public void error(String message) {
    Check.notNull("message", message);
    if (!held.fail(null, message)) {
      throw new JobLostException(held.toString());
    }
  }

  /**
   * Fails the job as {@link #error(String)} does, and keeps the error with its stack trace.
   *
   * @throws JobLostException if its row is gone or has changed
   * @throws IllegalStateException if the job was given back
   * @throws org.jooq.exception.DataAccessException if the database did not record it
   */
  public void error(Throwable error) {
    if (!held.fail(Check.notNull("error", error))) {
      throw new JobLostException(held.toString());
    }
  }

  /**
   * Gives the job back: commits its transaction if the job was deleted in it, undoes it otherwise,
   * then releases the lock and returns the connection. A job that was neither deleted nor failed is
   * as it was before. Again is harmless; in a {@link WorkFunc} it does nothing, since the worker
   * does it.
   *
   * @throws org.jooq.exception.DataAccessException if the transaction can't be committed; it is
   *     undone, and the job given back
   */
  public void done() {
    if (byHand) {
      held.done();
    }
  }

  /** The same as {@link #done()}. */
  @Override
  public void close() {
    done();
  }

  /** The job's id and type; not its arguments, which may be confidential. */
  @Override
  public String toString() {
    return held.toString();
  }
}
