package dev.qg.internal.work;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many locks a pool may hold: as many as it is set to, or fewer while the server's lock table
 * is full, which all sessions share. For the locker's thread.
 */
final class LockLimit {

  private static final Logger log = LoggerFactory.getLogger(LockLimit.class);

  private static final long BEFORE_GROWTH = Duration.ofMinutes(1).toNanos();

  private final int most;
  private int current;
  private long growAt;
  private boolean told;

  LockLimit(int most) {
    this.most = most;
    this.current = most;
  }

  int get() {
    if (current < most && System.nanoTime() - growAt > 0) {
      current = Math.min(most, current * 2);
      growAt = System.nanoTime() + BEFORE_GROWTH;
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
    growAt = System.nanoTime() + BEFORE_GROWTH;
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
