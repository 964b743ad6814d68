package dev.qg.internal.work;

import dev.qg.internal.work.QueueShare.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The jobs that are locked and not started, between the locker and the handlers' threads. The
 * queues share the threads' time, see {@link Turns}. Thread-safe.
 */
final class Buffer {

  /** Guards all below: many threads take jobs while the locker adds or removes some. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition filled = lock.newCondition();
  private final Turns turns;
  private final LongSupplier clock;
  private final Runnable needed;

  private int waiting;
  private int idle;
  private boolean closed;

  /**
   * @param threads how many jobs run at a time
   * @param clock in nanoseconds, from anywhere
   * @param needed called when a thread finds nothing, and when a queue has few jobs left here
   */
  Buffer(Collection<String> queues, int threads, LongSupplier clock, Runnable needed) {
    this.turns = new Turns(queues, threads, clock);
    this.clock = clock;
    this.needed = needed;
  }

  /**
   * The state at one moment.
   *
   * @param idle how many threads wait for a job
   */
  record Level(int waiting, int idle) {}

  /**
   * Waits for a job; null when the buffer is closed. An interrupt doesn't end the wait.
   *
   * @param running what the thread has run until now, and afterwards what it runs next
   */
  @Nullable HeldJob take(Turns.Running running) {
    lock.lock();
    try {
      turns.end(running);
      while (turns.isEmpty() && !closed) {
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
      QueueShare share = turns.start(running);
      HeldJob job = share.removeFirst();
      waiting--;
      turns.changed(share);
      if (share.size() == share.lowWater) {
        needed.run();
      }
      return job;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Adds jobs, those of each queue in order: all, or none if that fails. If the buffer is closed by
   * now they are the caller's again.
   *
   * @return those that were not taken
   */
  List<HeldJob> add(List<HeldJob> more) {
    lock.lock();
    try {
      if (closed) {
        return more;
      }
      long now = clock.getAsLong();
      List<Waiting> added = more.stream().map(job -> new Waiting(job, now)).toList();
      // A thread that is woken in vain waits again.
      for (int i = Math.min(added.size(), idle); i > 0; i--) {
        filled.signal();
      }
      // From here on, nothing needs memory.
      for (int i = 0; i < added.size(); i++) {
        QueueShare share = share(more.get(i));
        share.add(added.get(i));
        share.lowWater = share.size() / 2;
        turns.changed(share);
      }
      waiting += added.size();
      return List.of();
    } finally {
      lock.unlock();
    }
  }

  private QueueShare share(HeldJob job) {
    return turns.of(job.row().key().queue());
  }

  /**
   * Takes note of a look at the table for jobs of a queue.
   *
   * @param isExhausted whether it found fewer than it was for
   */
  void looked(String queue, boolean isExhausted) {
    lock.lock();
    try {
      QueueShare share = turns.of(queue);
      share.isExhausted = isExhausted;
      turns.changed(share);
    } finally {
      lock.unlock();
    }
  }

  Level level() {
    lock.lock();
    try {
      return new Level(waiting, idle);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The state of a queue.
   *
   * @param most how many jobs of all queues may wait
   */
  Turns.Standing standing(String queue, int most) {
    lock.lock();
    try {
      return turns.standing(queue, most);
    } finally {
      lock.unlock();
    }
  }

  /** Takes all jobs out. */
  List<HeldJob> drain() {
    lock.lock();
    try {
      return remove(turns.ready());
    } finally {
      lock.unlock();
    }
  }

  /** Takes the jobs out of each queue that has one that was not started in time. */
  List<HeldJob> removeStalled(Duration limit) {
    lock.lock();
    try {
      if (waiting == 0) {
        return List.of();
      }
      long before = clock.getAsLong() - limit.toNanos();
      List<QueueShare> stalled =
          turns.ready().stream().filter(share -> share.hasWaitedSince(before)).toList();
      List<HeldJob> jobs = remove(stalled);
      stalled.forEach(share -> share.pace.stalled());
      return jobs;
    } finally {
      lock.unlock();
    }
  }

  private List<HeldJob> remove(List<QueueShare> from) {
    // Made before anything is removed: there may be no memory for it.
    List<HeldJob> removed = new ArrayList<>(waiting);
    for (QueueShare share : from) {
      waiting -= share.size();
      share.drainTo(removed);
      turns.changed(share);
    }
    return removed;
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
