package dev.qg.internal.work;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Bounds how many notifications a client sends: transactions that notify commit one after another,
 * in all of the server. A job that was enqueued without one is found all the same, since a worker
 * that was notified looks again several times in the second that follows. Safe for use by many
 * threads.
 */
public final class NoticeLimit {

  /** 250 a second, in the long run. */
  private static final long STEP = Duration.ofMillis(4).toNanos();

  /** So many at once, after a pause. */
  private static final int BURST = 25;

  /** There can be any number of names of queues: all further ones, and long ones, share a limit. */
  private static final int MOST_QUEUES = 1_000;

  private static final int LONGEST_NAME = 200;

  private final LongSupplier clock;

  /**
   * For each queue, when its next notification would be due if they came in even steps. That there
   * is room is read before a name is added, so that threads may add one each too many.
   */
  private final Map<String, AtomicLong> nextByQueue = new ConcurrentHashMap<>();

  private final AtomicLong nextOfOthers;

  /**
   * @param clock in nanoseconds, such as {@link System#nanoTime()}
   */
  public NoticeLimit(LongSupplier clock) {
    this.clock = clock;
    this.nextOfOthers = new AtomicLong(clock.getAsLong());
  }

  /** Whether a notification for the queue may be sent now; if so, it counts as sent. */
  public boolean allows(String queue) {
    long now = clock.getAsLong();
    AtomicLong next = nextOf(queue, now);
    while (true) {
      long due = next.get();
      // By their difference, since nanoTime may overflow.
      long following = (due - now > 0 ? due : now) + STEP;
      if (following - now > BURST * STEP) {
        return false;
      }
      // Of two threads that both see the last one allowed, one gets it and the other looks again.
      if (next.compareAndSet(due, following)) {
        return true;
      }
    }
  }

  private AtomicLong nextOf(String queue, long now) {
    AtomicLong known = nextByQueue.get(queue);
    if (known != null) {
      return known;
    }
    if (nextByQueue.size() >= MOST_QUEUES || queue.length() > LONGEST_NAME) {
      return nextOfOthers;
    }
    return nextByQueue.computeIfAbsent(queue, name -> new AtomicLong(now));
  }
}
