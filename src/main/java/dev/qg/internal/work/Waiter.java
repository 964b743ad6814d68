package dev.qg.internal.work;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/** Where a loop waits until its time has come or somebody wakes it. */
final class Waiter {

  /** How long who has no memory waits for some, in nanoseconds. */
  static final long WITHOUT_MEMORY = Duration.ofMillis(100).toNanos();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition woken = lock.newCondition();

  /**
   * Kept until the next wait, so that a wake-up between two waits is not missed. Read without the
   * lock by those who wake: where it is set already, the loop will look after that at all that was
   * done before.
   */
  private volatile boolean wake;

  void wake() {
    if (wake) {
      return;
    }
    lockSurely();
    try {
      wake = true;
      woken.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Where there is no memory to stand in line, again: who is not woken may sleep for ever. */
  private void lockSurely() {
    boolean locked = false;
    while (!locked) {
      try {
        lock.lock();
        locked = true;
      } catch (OutOfMemoryError e) {
        Thread.onSpinWait();
      }
    }
  }

  void await(Duration time) throws InterruptedException {
    lock.lock();
    try {
      long nanos = TimeUnit.NANOSECONDS.convert(time);
      while (!wake && nanos > 0) {
        nanos = woken.awaitNanos(nanos);
      }
      wake = false;
    } finally {
      lock.unlock();
    }
  }

  /** The same for a thread of our own, which is never interrupted for a reason. */
  void awaitQuietly(Duration time) {
    try {
      await(time);
    } catch (InterruptedException e) {
      // By somebody who took it for a handler's: clears the flag, and the loop looks again.
    } catch (OutOfMemoryError e) {
      // Not even for a wait: the loop looks again when others may have let go of some.
      LockSupport.parkNanos(Math.min(WITHOUT_MEMORY, time.toNanos()));
    }
  }
}
