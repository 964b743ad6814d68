package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gives the locks of ended jobs back, many at a time: a lock whose job is gone is in nobody's way
 * for some milliseconds. For the locker's thread, but for {@link #isWanted}.
 */
final class Unlocker {

  /** So many are given back at once, if they come together in a short time. */
  private static final int MANY = 250;

  /** How long one may be kept for others to come together. */
  private static final long WITHIN = Duration.ofMillis(5).toNanos();

  private final Holds holds;
  private final Consumer<HeldJob> lost;

  /** Whether it is about to look by itself; read by those who release jobs. */
  private volatile boolean planned;

  private long at;

  /**
   * @param lost hears of those that were lost
   */
  Unlocker(Holds holds, Consumer<HeldJob> lost) {
    this.holds = holds;
    this.lost = lost;
  }

  /** Whether the locker's thread should be woken for what was released. */
  boolean isWanted() {
    int released = holds.released();
    return released >= MANY || (released > 0 && !planned);
  }

  /**
   * Unlocks what was released, if it is much or has waited.
   *
   * @param session that holds locks now, or null
   * @return how long until it is to be called again
   */
  Duration unlockSoon(@Nullable Session session) {
    int released = holds.released();
    if (released == 0) {
      return Timings.NO_LIMIT;
    }
    long now = System.nanoTime();
    if (!planned) {
      planned = true;
      at = now + WITHIN;
    }
    if (released < MANY && at - now > 0) {
      return Duration.ofNanos(at - now);
    }
    unlock(session);
    return Timings.NO_LIMIT;
  }

  /** Unlocks all that was released. */
  void unlock(@Nullable Session session) {
    planned = false;
    List<Long> ids =
        holds.takeReleased(
            session,
            job -> {
              if (job.isLost()) {
                lost.accept(job);
              }
            });
    if (session != null && !ids.isEmpty()) {
      session.locks().release(ids);
    }
  }
}
