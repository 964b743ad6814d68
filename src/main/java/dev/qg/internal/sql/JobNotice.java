package dev.qg.internal.sql;

import static org.jooq.impl.DSL.concat;
import static org.jooq.impl.DSL.epoch;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.octetLength;
import static org.jooq.impl.DSL.when;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.regex.Pattern;
import org.jooq.Field;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/**
 * What is told of jobs that can be worked now: their queue, and where in it the first of them is.
 *
 * <p>A notification carries it as {@code <priority> <run_at> <queue>}, with {@code run_at} as
 * seconds since 1970. Without a queue, and the space before it, it is about any queue.
 *
 * @param queue null for any queue
 */
public record JobNotice(@Nullable String queue, short priority, OffsetDateTime runAt) {

  /** The channel of the notifications. */
  public static final String CHANNEL = "qg_jobs";

  /**
   * Of a queue with a longer name it is not said which it is. The server takes 8,000 bytes at most,
   * or half of that if it was built with smaller pages, and refuses the job for a longer payload.
   */
  private static final int LONGEST_QUEUE = 2_000;

  /** Short enough to be a time at which there are jobs, and to be computed with. */
  private static final Pattern SECONDS = Pattern.compile("-?\\d{1,13}(\\.\\d{1,9})?");

  private static final JobNotice OF_ANY = new JobNotice(null, Short.MIN_VALUE, OffsetDateTime.MIN);

  /** There may be a job in any place of any queue. */
  public static JobNotice ofAny() {
    return OF_ANY;
  }

  /** There is that job. */
  public static JobNotice from(JobKey key) {
    return new JobNotice(key.queue(), key.priority(), key.runAt());
  }

  /**
   * There is that job.
   *
   * @param defaults what the columns are that it leaves to the database
   */
  static JobNotice of(NewJob job, JobNotice defaults) {
    return new JobNotice(
        job.queue() == null ? defaults.queue : job.queue(),
        job.priority() == null ? defaults.priority : job.priority(),
        job.runAt() == null ? defaults.runAt : job.runAt());
  }

  /**
   * Reads the payload of a notification. Anybody can send one: what is not understood is taken for
   * a notice of any job.
   */
  public static JobNotice parse(String payload) {
    String[] parts = payload.split(" ", 3);
    OffsetDateTime runAt = parts.length < 2 ? null : time(parts[1]);
    if (runAt == null) {
      return OF_ANY;
    }
    try {
      return new JobNotice(parts.length == 3 ? parts[2] : null, Short.parseShort(parts[0]), runAt);
    } catch (NumberFormatException e) {
      return OF_ANY;
    }
  }

  private static @Nullable OffsetDateTime time(String seconds) {
    if (seconds.equals("-Infinity")) {
      return OffsetDateTime.MIN;
    }
    if (!SECONDS.matcher(seconds).matches()) {
      return null;
    }
    BigDecimal all = new BigDecimal(seconds);
    long whole = all.longValue();
    long nanos = all.subtract(BigDecimal.valueOf(whole)).movePointRight(9).longValue();
    return Instant.ofEpochSecond(whole, nanos).atOffset(ZoneOffset.UTC);
  }

  /**
   * Whether such a job can come before the one with the key in the order of their queue. With the
   * same priority and time it can: its id is not known.
   */
  public boolean isBefore(JobKey key) {
    return priority < key.priority() || (priority == key.priority() && !runAt.isAfter(key.runAt()));
  }

  /** Whether it is more urgent than the other or as urgent and earlier. */
  public boolean isBefore(JobNotice other) {
    return priority < other.priority || (priority == other.priority && runAt.isBefore(other.runAt));
  }

  /** Sends the notice of a job with these columns, if it is due by now. */
  static Field<Object> notification(
      Field<String> queue, Field<Short> priority, Field<OffsetDateTime> runAt) {
    Field<String> payload =
        function(
            "concat",
            SQLDataType.CLOB,
            priority,
            inline(" "),
            epoch(runAt),
            when(octetLength(queue).le(inline(LONGEST_QUEUE)), concat(inline(" "), queue)));
    // By the clock of the statement: in a transaction that is open for a while, a job can be due
    // that was not when it began.
    return when(
        runAt.le(Functions.clock()),
        function("pg_notify", SQLDataType.OTHER, inline(CHANNEL), payload));
  }
}
