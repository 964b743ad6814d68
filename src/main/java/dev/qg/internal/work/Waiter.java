package dev.qg.internal.work;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where a loop waits until its time has come or somebody wakes it. One thread waits, any may wake
 * it. Neither needs memory, of which there may be none: who is not woken may sleep for ever, and a
 * {@link java.util.concurrent.locks.Condition} can lose a thread that way.
 */
final class Waiter {

  /**
   * Kept until the next wait, so that a wake-up between two waits is not missed. Where it is set
   * already, the loop will look after that at all that was done before.
   */
  private volatile boolean wake;

  /** Written before the flag is read, and read after it is written: one of both sees the other. */
  private volatile @Nullable Thread sleeper;

  void wake() {
    if (!wake) {
      wake = true;
      LockSupport.unpark(sleeper);
    }
  }

  void await(Duration time) throws InterruptedException {
    long start = System.nanoTime();
    long nanos = TimeUnit.NANOSECONDS.convert(time);
    sleeper = Thread.currentThread();
    try {
      for (long left = nanos; !wake && left > 0; left = nanos - (System.nanoTime() - start)) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        LockSupport.parkNanos(this, left);
      }
    } finally {
      sleeper = null;
    }
    wake = false;
  }

  /** The same for a thread of our own, which is never interrupted for a reason. */
  void awaitQuietly(Duration time) {
    try {
      await(time);
    } catch (InterruptedException e) {
      // By somebody who took it for a handler's: clears the flag, and the loop looks again.
    }
  }
}
