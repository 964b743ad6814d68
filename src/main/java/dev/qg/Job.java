package dev.qg;

import dev.qg.internal.sql.JsonSyntax;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.sql.NewJob;
import dev.qg.internal.sql.StorableText;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/**
 * A job to be enqueued. Only its type must be given; whatever else is not set is decided by the
 * database's defaults: the queue {@code ""}, priority 100, due now, and the arguments {@code []}.
 *
 * <pre>{@code
 * Job job = Job.of("SendReceipt").withArgs("[42]").withQueue("mail").withPriority(10);
 * }</pre>
 *
 * <p>Immutable and safe for use by many threads. Everything is checked here, before anything is
 * sent: an error in the database would abort the caller's transaction.
 */
public final class Job {

  /** What a {@code timestamptz} can hold: 4714-11-24 BC is the first day of the Julian calendar. */
  private static final Instant EARLIEST = Instant.parse("-4713-11-24T00:00:00Z");

  private static final Instant LATEST = Instant.parse("+294276-12-31T23:59:59.999999Z");

  private final NewJob columns;

  private Job(NewJob columns) {
    this.columns = columns;
  }

  /**
   * A job of a type, which names the {@link WorkFunc} that works it; Ruby's Que calls it the job
   * class.
   *
   * @throws MissingTypeException if the type is empty or blank
   * @throws IllegalArgumentException if PostgreSQL can't store it as text
   */
  public static Job of(String type) {
    return new Job(new NewJob(Check.type(type), null, null, null, null));
  }

  /**
   * The same job in another queue.
   *
   * @throws IllegalArgumentException if PostgreSQL can't store it as text, or if it has more than
   *     2,600 bytes in UTF-8, for which an index entry would have no room
   */
  public Job withQueue(String queue) {
    Check.queue(queue);
    return new Job(
        new NewJob(columns.type(), queue, columns.priority(), columns.runAt(), columns.args()));
  }

  /**
   * The same job with another priority: the lower, the more urgent.
   *
   * @param priority from -32,768 to 32,767
   * @throws IllegalArgumentException if it is outside of that
   */
  public Job withPriority(int priority) {
    if (priority != (short) priority) {
      throw new IllegalArgumentException(
          "priority must be from -32768 to 32767, but is " + priority);
    }
    return new Job(
        new NewJob(
            columns.type(), columns.queue(), (short) priority, columns.runAt(), columns.args()));
  }

  /**
   * The same job, due at another time by the database's clock; what is less than a microsecond is
   * cut off.
   *
   * @throws IllegalArgumentException if it is outside of what PostgreSQL can hold, 4714-11-24 BC to
   *     294276-12-31
   */
  public Job withRunAt(Instant runAt) {
    Check.notNull("runAt", runAt);
    if (runAt.isBefore(EARLIEST) || runAt.isAfter(LATEST)) {
      throw new IllegalArgumentException(
          "runAt must be from " + EARLIEST + " to " + LATEST + ", but is " + runAt);
    }
    return new Job(
        new NewJob(
            columns.type(),
            columns.queue(),
            columns.priority(),
            runAt.truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC),
            columns.args()));
  }

  /**
   * The same job with other arguments for its handler. Ruby's Que expects an array.
   *
   * @throws IllegalArgumentException if it is not JSON, or PostgreSQL can't store it as text
   */
  public Job withArgs(JSON args) {
    Check.notNull("args", args);
    JsonSyntax.require("args", StorableText.requireUnseen("args", args.data()));
    return new Job(
        new NewJob(columns.type(), columns.queue(), columns.priority(), columns.runAt(), args));
  }

  /**
   * The same job with other arguments for its handler, as the text of JSON.
   *
   * @throws IllegalArgumentException if it is not JSON, or PostgreSQL can't store it as text
   */
  public Job withArgs(String args) {
    return withArgs(JSON.json(Check.notNull("args", args)));
  }

  /** The type, never blank. */
  public String type() {
    return columns.type();
  }

  /** The queue, if it was set. */
  public Optional<String> queue() {
    return Optional.ofNullable(columns.queue());
  }

  /** The priority, if it was set. */
  public Optional<Short> priority() {
    return Optional.ofNullable(columns.priority());
  }

  /** The time from which it is due, if it was set. */
  public Optional<Instant> runAt() {
    return Optional.ofNullable(columns.runAt()).map(time -> time.toInstant());
  }

  /** The arguments, if they were set. */
  public Optional<JSON> args() {
    return Optional.ofNullable(columns.args());
  }

  NewJob columns() {
    return columns;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Job job && columns.equals(job.columns);
  }

  @Override
  public int hashCode() {
    return columns.hashCode();
  }

  /** The job without its arguments, which may be confidential. */
  @Override
  public String toString() {
    return "Job[type="
        + LogText.of(type())
        + ", queue="
        + queue().map(LogText::of)
        + ", priority="
        + priority()
        + ", runAt="
        + runAt()
        + "]";
  }
}
