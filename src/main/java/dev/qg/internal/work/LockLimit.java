package dev.qg.internal.work;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many locks a pool may hold: as many as it is set to, or fewer while the server's lock table
 * is full, which all sessions share. When there is room again, it has all of them within seconds,
 * by doubling. For the locker's thread.
 */
final class LockLimit {

  private static final Logger log = LoggerFactory.getLogger(LockLimit.class);

  /** How long it waits before it grows. */
  private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();

  /**
   * The same where there was no room for that again and again, as each try may cost others theirs.
   */
  private static final long LONGEST_PAUSE = Duration.ofMinutes(1).toNanos();

  private final int most;

  /** In nanoseconds, from anywhere. */
  private final LongSupplier clock;

  private int current;
  private long pause = FIRST_PAUSE;
  private long growAt;

  /** Whether it has grown since it has shrunk. */
  private boolean grown;

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
    if (current < most && clock.getAsLong() - growAt > 0) {
      if (grown) {
        // There was room for the last time.
        pause = FIRST_PAUSE;
      }
      grown = true;
      current = Math.min(most, current * 2);
      growAt = clock.getAsLong() + pause;
    }
    return current;
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
    current = Math.min(current, locks);
    if (grown) {
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      grown = false;
    }
    growAt = clock.getAsLong() + pause;
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
