package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.work.SessionLocks.Taken;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the locker reads a queue on, and when. Behind the last key that was taken there are no rows
 * that are dead but not yet removed, over which a look from the start has to walk, so that an open
 * snapshot elsewhere costs nothing. What comes to lie before that key is found by a sweep from the
 * start: once an interval, and at once when somebody tells of it. For the locker's thread.
 */
final class QueueCursor {

  /**
   * After a notice, looks follow each other at growing distances from this one on: others may have
   * left their notices out just after it, or commit late.
   */
  private static final long FIRST_FURTHER_LOOK = Duration.ofMillis(5).toNanos();

  /** A job that was lost and is still there must not be taken again and again. */
  private static final long AFTER_LOSS = Timings.AFTER_CONTENTION.toNanos();

  /** The most jobs that one statement locks. */
  private static final int CHUNK = 1_000;

  private final String queue;
  private final long interval;

  /** So many are looked for at most. */
  private int most = CHUNK;

  private @Nullable JobKey last;
  private boolean found;
  private volatile @Nullable Long sweptAt; // read by whoever asks for a snapshot
  private long sweepAt;
  private long lookAt;
  private long furtherLook;

  QueueCursor(String queue, Duration interval, long now) {
    this.queue = queue;
    // Sums with a time must not overflow.
    this.interval = Math.min(Long.MAX_VALUE / 4, TimeUnit.NANOSECONDS.convert(interval));
    this.sweepAt = now;
    this.lookAt = now;
  }

  String queue() {
    return queue;
  }

  /** Whether there is reason to look: the last look found something, or it is time. */
  boolean isDue(long now) {
    return found || !isBefore(now, lookAt);
  }

  /** How long there is no reason to look, as far as is known now. */
  long untilDue(long now) {
    return isDue(now) ? 0 : lookAt - now;
  }

  /** Where to begin: behind the last key, or null for a sweep from the start. */
  @Nullable JobKey behind(long now) {
    return found && isBefore(now, sweepAt) ? last : null;
  }

  /** How many jobs a look is for at most: fewer after some were too much, then more again. */
  int most() {
    return most;
  }

  /** Hears that so many could not be read together. */
  void tooMany(int jobs) {
    most = Math.max(1, jobs / 2);
  }

  /**
   * Hears what came of a look.
   *
   * @param now when it began
   * @param behind where it began
   */
  void looked(long now, @Nullable JobKey behind, Taken taken) {
    List<JobKey> locked = taken.locked();
    // What there was no room for was locked in vain, and measured as well.
    most = Math.min(CHUNK, 2 * (taken.isCut() ? taken.rows().size() : most));
    if (behind == null) {
      sweptAt = now;
      sweepAt = now + interval;
    }
    found = !locked.isEmpty();
    if (found) {
      last = locked.get(locked.size() - 1);
    } else {
      // A further look sweeps, and stands for the one that was due after the interval.
      boolean further = furtherLook > 0 && furtherLook < interval;
      lookAt = further ? earlier(now + furtherLook, sweepAt) : sweepAt;
      furtherLook = further ? furtherLook * 2 : 0;
    }
  }

  /** Hears of a job that was enqueued, in this queue or another. */
  void heed(JobNotice notice, long now) {
    if (notice.queue() == null || notice.queue().equals(queue)) {
      furtherLook = FIRST_FURTHER_LOOK;
      lookAt = now;
      if (last == null || notice.isBefore(last)) {
        sweepAt = earlier(sweepAt, now);
      }
    }
  }

  /** Hears of a job that was taken and is free again. */
  void givenBack(JobKey key, long now) {
    if (key.queue().equals(queue)) {
      lookAt = now;
      if (last == null || key.compareTo(last) <= 0) {
        sweepAt = earlier(sweepAt, now);
      }
    }
  }

  /** Hears of a job that was lost to somebody else, or couldn't be deleted. */
  void lost(JobKey key, long now) {
    if (key.queue().equals(queue)) {
      sweepAt = later(sweepAt, now + AFTER_LOSS);
      lookAt = later(lookAt, now + AFTER_LOSS);
    }
  }

  /** When it was last read from the start, as far as it was; for a clock of nanoseconds. */
  @Nullable Long sweptAt() {
    return sweptAt;
  }

  /** Begins anew, as with a session that holds nothing. */
  void reset(long now) {
    last = null;
    found = false;
    sweepAt = now;
    lookAt = now;
  }

  private static boolean isBefore(long time, long other) {
    return time - other < 0;
  }

  private static long earlier(long one, long other) {
    return isBefore(one, other) ? one : other;
  }

  private static long later(long one, long other) {
    return isBefore(one, other) ? other : one;
  }
}
