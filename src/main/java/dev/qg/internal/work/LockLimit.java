package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many locks a pool may hold: as many as it is set to, or fewer while the server's lock table
 * is full, which all sessions share. After a shortage it doubles each second; the size at which
 * that has failed it tries less and less often, as each try may cost others their room. So it has
 * all within seconds after a short one, and about a minute later after a long one. For the locker's
 * thread.
 */
final class LockLimit {

  private static final Logger log = LoggerFactory.getLogger(LockLimit.class);

  private static final long STEP = Timings.MORE_LOCKS_PAUSE.toNanos();

  /** The longest pause before a size is tried for which there was no room again and again. */
  private static final long LONGEST_PAUSE = Timings.LONGEST_MORE_LOCKS_PAUSE.toNanos();

  private static final int NONE = Integer.MAX_VALUE;

  private final int most;

  /** In nanoseconds, from anywhere. */
  private final LongSupplier clock;

  private int current;
  private long growAt;

  /** For so many and more there was no room, and it is not known that there is now. */
  private int wall = NONE;

  /** How long that is not tried again. */
  private long pause = STEP;

  private long tryAt;

  /** Whether it has grown since the last shortage, which is noticed more than once. */
  private boolean hasGrown = true;

  private boolean told;

  LockLimit(int most) {
    this(most, System::nanoTime);
  }

  LockLimit(int most, LongSupplier clock) {
    this.most = most;
    this.clock = clock;
    this.current = most;
  }

  int get() {
    if (current < most) {
      long now = clock.getAsLong();
      int next = current > most / 2 ? most : current * 2;
      if (now - growAt > 0 && (next < wall || now - tryAt > 0)) {
        current = next;
        growAt = now + STEP;
        hasGrown = true;
      }
    }
    return current;
  }

  /** Hears how many are held: if there was no room for that before, there is now. */
  void held(int locks) {
    if (locks >= wall) {
      wall = NONE;
      pause = STEP;
    }
  }

  /**
   * Shrinks after a statement for which there was not enough room, so far that others have some.
   *
   * @param held how many locks are held without that statement
   * @param wanted how many more it asked for
   * @return false if it can't become smaller: there is no room for a single lock
   */
  boolean shrink(int held, int wanted, RuntimeException cause) {
    if (held == 0 && wanted <= 1) {
      return false;
    }
    shrinkTo(Math.max(1, (held + wanted) / 2), cause);
    return true;
  }

  /** Shrinks to so many, after something else had no room. */
  void shrinkTo(int locks, RuntimeException cause) {
    long now = clock.getAsLong();
    if (hasGrown) {
      boolean isAgain = wall != NONE && now - tryAt < LONGEST_PAUSE;
      pause = isAgain ? Math.min(pause * 2, LONGEST_PAUSE) : STEP;
      // Not raised: doubled from elsewhere, it would come to a size between the two at once.
      wall = isAgain ? Math.min(wall, current) : current;
      hasGrown = false;
    }
    current = Math.min(current, locks);
    growAt = now + STEP;
    tryAt = now + pause;
    if (!told) {
      told = true;
      log.atWarn()
          .addKeyValue("event", "lock_table_full")
          .setCause(cause)
          .log(
              "The server's lock table is full: this pool holds fewer jobs at a time, {} for now;"
                  + " max_locks_per_transaction says how large it is",
              current);
    }
  }
}
