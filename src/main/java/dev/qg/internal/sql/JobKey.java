package dev.qg.internal.sql;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;

/**
 * The whole primary key of a job, ordered as jobs are worked. A retry moves {@code run_at}, so a
 * key names one attempt only: this is what fences completion.
 *
 * @param runAt as the driver gives it; an infinity is {@link OffsetDateTime#MIN} or {@code MAX}
 */
public record JobKey(String queue, short priority, OffsetDateTime runAt, long id)
    implements Comparable<JobKey> {

  private static final Comparator<JobKey> WORK_ORDER =
      Comparator.comparing(JobKey::queue)
          .thenComparingInt(JobKey::priority)
          .thenComparing(JobKey::runAt)
          .thenComparingLong(JobKey::id);

  /** The earliest time that PostgreSQL has, except {@code -infinity}. */
  private static final OffsetDateTime EARLIEST =
      OffsetDateTime.of(-4713, 11, 24, 0, 0, 0, 0, ZoneOffset.UTC);

  /** Reads the key from a row whose first four columns are those of the primary key. */
  static JobKey read(ResultSet row) throws SQLException {
    return new JobKey(
        row.getString(1), row.getShort(2), TimestampText.read(row, 3), row.getLong(4));
  }

  /** The key that directly follows this one, of a job or not, for the key of a job that was due. */
  JobKey next() {
    if (id < Long.MAX_VALUE) {
      return new JobKey(queue, priority, runAt, id + 1);
    }
    boolean isInfinity = runAt.equals(OffsetDateTime.MIN);
    OffsetDateTime next = isInfinity ? EARLIEST : runAt.plus(1, ChronoUnit.MICROS);
    return new JobKey(queue, priority, next, Long.MIN_VALUE);
  }

  /** The values of {@link KeyParams}. */
  Object[] values() {
    return new Object[] {queue, priority, runAt, id};
  }

  @Override
  public int compareTo(JobKey other) {
    return WORK_ORDER.compare(this, other);
  }
}
