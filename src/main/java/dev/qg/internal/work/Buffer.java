package dev.qg.internal.work;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The jobs that are locked and not started, between the locker and the handlers' threads. Safe for
 * use by many threads.
 */
final class Buffer {

  /** A job, and when it was put here. */
  private record Waiting(HeldJob job, long since) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final ArrayDeque<Waiting> jobs = new ArrayDeque<>();
  private final Runnable needed;

  private int idle;
  private int lowWater;
  private boolean closed;

  /**
   * @param needed called when a thread finds nothing, and when the low-water mark is reached
   */
  Buffer(Runnable needed) {
    this.needed = needed;
  }

  /** What the locker wants to know at one moment. */
  record Level(int waiting, int idle, long oldestNanos) {}

  /** Waits for a job; null when the buffer is closed. An interrupt doesn't end the wait. */
  @Nullable HeldJob take() {
    lock.lock();
    try {
      while (jobs.isEmpty() && !closed) {
        idle++;
        try {
          needed.run();
          filled.awaitUninterruptibly();
        } finally {
          idle--;
        }
      }
      if (closed) {
        return null;
      }
      HeldJob job = jobs.removeFirst().job;
      if (jobs.size() == lowWater) {
        needed.run();
      }
      return job;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds jobs: all, or none if that fails. If the buffer is closed by now they are the caller's
   * again.
   *
   * @return those that were not taken
   */
  List<HeldJob> add(List<HeldJob> more) {
    lock.lock();
    try {
      if (closed) {
        return more;
      }
      long now = System.nanoTime();
      List<Waiting> waiting = more.stream().map(job -> new Waiting(job, now)).toList();
      // Before there is something to take, as it may fail for want of memory; whoever is woken in
      // vain waits again.
      for (int i = Math.min(waiting.size(), idle); i > 0; i--) {
        filled.signal();
      }
      // Makes room for all before it adds the first.
      jobs.addAll(waiting);
      lowWater = jobs.size() / 2;
      return List.of();
    } finally {
      lock.unlock();
    }
  }

  Level level() {
    lock.lock();
    try {
      Waiting oldest = jobs.peekFirst();
      return new Level(jobs.size(), idle, oldest == null ? 0 : System.nanoTime() - oldest.since);
    } finally {
      lock.unlock();
    }
  }

  /** Takes all jobs out. */
  List<HeldJob> drain() {
    lock.lock();
    try {
      List<HeldJob> all = new ArrayList<>(jobs.size());
      jobs.forEach(waiting -> all.add(waiting.job));
      jobs.clear();
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** Lets nothing be taken any more. */
  void close() {
    lock.lock();
    try {
      closed = true;
      filled.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
