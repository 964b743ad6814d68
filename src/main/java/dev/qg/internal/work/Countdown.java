package dev.qg.internal.work;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A time limit for a series of waits, which an interrupt of the waiting thread ends at once; and
 * short waits beyond it, which it doesn't. For one thread.
 */
final class Countdown {

  private final long end;
  private boolean interrupted;

  Countdown(Duration limit) {
    // Far enough for anybody, and not beyond what a clock of nanoseconds can tell.
    this.end =
        System.nanoTime() + Math.min(Long.MAX_VALUE / 2, TimeUnit.NANOSECONDS.convert(limit));
  }

  /** Waits until the limit; false if that is over first. */
  boolean await(CountDownLatch latch) {
    if (!interrupted) {
      try {
        return latch.await(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return latch.getCount() == 0;
  }

  /** Waits for a time of its own, whether the limit is over or not. */
  boolean awaitMore(CountDownLatch latch, Duration time) {
    long until = System.nanoTime() + time.toNanos();
    while (true) {
      try {
        return latch.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
  }

  /** What is left of the limit, within bounds. */
  Duration left(Duration least, Duration most) {
    Duration left = interrupted ? Duration.ZERO : Duration.ofNanos(end - System.nanoTime());
    return left.compareTo(least) < 0 ? least : left.compareTo(most) > 0 ? most : left;
  }

  void restoreInterrupt() {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
