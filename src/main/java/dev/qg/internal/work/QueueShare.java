package dev.qg.internal.work;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The part of a queue in a {@link Buffer}: its jobs that wait, and the thread time that it has
 * used. Guarded by the buffer's lock.
 */
final class QueueShare {

  /** A job that waits, and since when: an element of a list that grows without memory. */
  static final class Waiting {
    private final HeldJob job;
    private final long since;
    private @Nullable Waiting next;

    Waiting(HeldJob job, long since) {
      this.job = job;
      this.since = since;
    }
  }

  /** The jobs that wait, the most urgent first. */
  private @Nullable Waiting first;

  private @Nullable Waiting last;
  private int size;

  final Pace pace;

  /**
   * The thread time in nanoseconds: what its jobs have used, what those that run are expected to
   * use, and what it has forgone while it had none. A job starts from the queue with the least.
   */
  long time;

  /** Whether it has jobs: here, or in the table as far as is known. */
  boolean isActive;

  /** Whether the last look at the table has found fewer jobs than it was for. */
  boolean isExhausted = true;

  /** Whether its first job since it became active is the next one to start. */
  boolean isNext;

  /** The number of its last activation. */
  long activation;

  /** The locker is woken when so many jobs are left. */
  int lowWater;

  /** Its position in the {@link ShareHeap}; -1 if it is not there, as no job of it waits. */
  int position = -1;

  QueueShare(Pace pace) {
    this.pace = pace;
  }

  /** How many jobs wait. */
  int size() {
    return size;
  }

  /** Whether a job has waited since before that time, by the clock that it was added by. */
  boolean hasWaitedSince(long time) {
    return first != null && time - first.since > 0;
  }

  void add(Waiting more) {
    if (last == null) {
      first = more;
    } else {
      last.next = more;
    }
    last = more;
    size++;
  }

  /** Removes the first job, of at least one. */
  HeldJob removeFirst() {
    Waiting removed = Objects.requireNonNull(first);
    first = removed.next;
    if (first == null) {
      last = null;
    }
    size--;
    return removed.job;
  }

  /** Moves all jobs to a list, which has the room. */
  void drainTo(List<HeldJob> list) {
    while (size > 0) {
      list.add(removeFirst());
    }
  }

  /** Whether its turn comes before that of another queue. */
  boolean isBefore(QueueShare other) {
    if (isNext != other.isNext) {
      return isNext;
    }
    return (isNext || time == other.time) ? activation < other.activation : time < other.time;
  }
}
