package dev.qg.internal.work;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of a pool that are not given back, each with the session that has locked it. Released by
 * any thread; all else is for the locker's.
 */
final class Holds {

  private record Hold(HeldJob job, Session session) {}

  private final Queue<HeldJob> released = new ConcurrentLinkedQueue<>();
  private final Consumer<HeldJob> addReleased = released::add;

  /** How many those are: the queue itself would have to count. */
  private final AtomicInteger pending = new AtomicInteger();

  private final Map<Long, Hold> holds = new HashMap<>();

  /** The sizes of all, which are in memory. */
  private long bytes;

  /** For who asks for a snapshot. */
  private volatile int size;

  void add(HeldJob job, Session session) {
    Long id = id(job);
    try {
      holds.put(id, new Hold(job, session));
    } finally {
      Hold hold = holds.get(id);
      // Also where there was no memory to make room for the next ones.
      if (hold != null && hold.job == job) {
        bytes += job.row().size();
      }
    }
    size = holds.size();
  }

  /** Hears that a job was ended and that this is committed. */
  void release(HeldJob job) {
    // Counted first, so that there are never fewer counted than there are.
    pending.incrementAndGet();
    // It would stay locked for as long as the pool runs.
    NoMemory.surely(job, addReleased);
  }

  /** How many are released and not given back; may be called by any thread. */
  int released() {
    return pending.get();
  }

  /**
   * Forgets what was released. If that fails, it goes on with the same job the next time, and the
   * session is to be ended, as nobody knows what it had to give up before.
   *
   * @param session that holds locks now, or null
   * @param each hears of each job
   * @return the ids whose locks that session has to give up
   */
  List<Long> takeReleased(@Nullable Session session, Consumer<HeldJob> each) {
    List<Long> locked = new ArrayList<>();
    for (HeldJob job = released.peek(); job != null; job = released.peek()) {
      Long id = id(job);
      Hold hold = holds.get(id);
      // One that was taken from its handler is released again when that returns.
      if (hold != null && hold.job == job) {
        each.accept(job);
        if (hold.session == session) {
          locked.add(id);
        }
        holds.remove(id);
        bytes -= job.row().size();
      }
      released.poll();
      pending.decrementAndGet();
    }
    size = holds.size();
    return locked;
  }

  /** Tells all jobs that they are lost which this session has locked, as it is gone. */
  List<HeldJob> lose(Session gone) {
    List<HeldJob> lost = new ArrayList<>(holds.size());
    for (Hold hold : holds.values()) {
      if (hold.session == gone) {
        hold.job.lose();
        lost.add(hold.job);
      }
    }
    return lost;
  }

  Collection<Long> ids() {
    return holds.keySet();
  }

  boolean areEmpty() {
    return holds.isEmpty();
  }

  /** How long the args of all are together. */
  long bytes() {
    return bytes;
  }

  /** May be called by any thread. */
  int size() {
    return size;
  }

  private static long id(HeldJob job) {
    return job.row().key().id();
  }
}
