package dev.qg.internal.work;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The account of the thread time that each queue of a pool uses, and whose turn it is: that of the
 * queue that has used the least, counting what its running jobs are expected to use. A queue that
 * had no jobs begins where the others are, so that it has saved up nothing, but its first job is
 * the next to start. Guarded by the lock of the {@link Buffer}.
 */
final class Turns {

  /** From this thread time on, all accounts are set back, since a long could overflow. */
  private static final long MOST_TIME = Long.MAX_VALUE / 4;

  private final Map<String, QueueShare> shares = new HashMap<>();
  private final ShareHeap ready;

  /** In nanoseconds, from anywhere. */
  private final LongSupplier clock;

  /** How many queues have jobs, as far as is known. */
  private int active;

  private long activations;

  /** The thread time of the queue that was served last: where others begin. */
  private long reached;

  Turns(Collection<String> queues, int threads, LongSupplier clock) {
    queues.forEach(queue -> shares.put(queue, new QueueShare(new Pace(threads))));
    this.ready = new ShareHeap(queues.size());
    this.clock = clock;
  }

  /** The job that a thread runs, for the account of its queue. Confined to that thread. */
  static final class Running {
    private @Nullable QueueShare share;
    private long since;
    private long expected;
  }

  /**
   * The state of a queue at one moment.
   *
   * @param ahead how many of its jobs may wait, by the durations of its handlers
   * @param lead the thread time until its turn comes; {@link Long#MIN_VALUE} if it is the next
   */
  record Standing(int waiting, int ahead, long lead) {}

  /** Whether no queue has jobs that wait. */
  boolean isEmpty() {
    return ready.isEmpty();
  }

  /** All queues with jobs that wait. */
  List<QueueShare> ready() {
    return ready.all();
  }

  QueueShare of(String queue) {
    QueueShare share = shares.get(queue);
    if (share == null) {
      throw new IllegalArgumentException("The pool has no queue \"" + queue + "\"");
    }
    return share;
  }

  /** Starts a job of the queue whose turn it is. */
  QueueShare start(Running running) {
    QueueShare share = ready.first();
    reached = Math.max(reached, share.time);
    running.share = share;
    running.since = clock.getAsLong();
    running.expected = share.pace.expected();
    share.time += running.expected;
    share.isNext = false;
    if (reached > MOST_TIME) {
      startFromZero();
    }
    return share;
  }

  /** Takes note of the end of a thread's job, if it had one. */
  void end(Running running) {
    QueueShare share = running.share;
    if (share != null) {
      running.share = null;
      long used = clock.getAsLong() - running.since;
      share.pace.ran(used);
      share.time += used - running.expected;
      if (share.size() > 0) {
        ready.put(share);
      }
    }
  }

  /** Takes note of jobs that have come to wait, or that wait no more. */
  void changed(QueueShare share) {
    if (share.size() == 0) {
      ready.remove(share);
      if (share.isActive && share.isExhausted) {
        share.isActive = false;
        active--;
      }
    } else {
      activate(share);
      ready.put(share);
    }
  }

  private void activate(QueueShare share) {
    if (!share.isActive) {
      share.isActive = true;
      active++;
      share.activation = activations++;
      share.isNext = share.time <= reached;
      share.time = Math.max(share.time, reached);
    }
  }

  private void startFromZero() {
    shares.values().forEach(share -> share.time = share.isActive ? share.time - reached : 0);
    reached = 0;
  }

  /**
   * @param most how many jobs of all queues may wait
   */
  Standing standing(String queue, int most) {
    QueueShare share = of(queue);
    int ahead = share.pace.ahead(most, share.isActive ? active : active + 1);
    boolean isNext = share.isActive ? share.isNext : share.time <= reached;
    long lead = isNext ? Long.MIN_VALUE : share.time - reached;
    return new Standing(share.size(), ahead, lead);
  }
}
