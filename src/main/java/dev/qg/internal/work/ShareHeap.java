package dev.qg.internal.work;

import java.util.Arrays;
import java.util.List;

/**
 * A priority queue of the queues with jobs that wait, the next one to be served first. A binary
 * heap that knows the position of each element: a change costs O(log n) and needs no memory.
 * Guarded by the lock of the {@link Buffer}.
 */
final class ShareHeap {

  private final QueueShare[] heap;
  private int size;

  /**
   * @param most how many queues there are
   */
  ShareHeap(int most) {
    this.heap = new QueueShare[most];
  }

  boolean isEmpty() {
    return size == 0;
  }

  QueueShare first() {
    return heap[0];
  }

  /** All of them, in any order. */
  List<QueueShare> all() {
    return List.copyOf(Arrays.asList(heap).subList(0, size));
  }

  /** Adds a queue, or moves it to where it belongs by now. */
  void put(QueueShare share) {
    if (share.position < 0) {
      share.position = size++;
      heap[share.position] = share;
    }
    down(share, up(share));
  }

  /** Removes a queue, if it is there. */
  void remove(QueueShare share) {
    int gap = share.position;
    if (gap < 0) {
      return;
    }
    share.position = -1;
    QueueShare last = heap[--size];
    if (last != share) {
      set(last, gap);
      down(last, up(last));
    }
  }

  private int up(QueueShare share) {
    int at = share.position;
    while (at > 0 && share.isBefore(heap[(at - 1) / 2])) {
      set(heap[(at - 1) / 2], at);
      at = (at - 1) / 2;
    }
    return set(share, at);
  }

  private void down(QueueShare share, int from) {
    int at = from;
    for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
        child++;
      }
      if (!heap[child].isBefore(share)) {
        break;
      }
      set(heap[child], at);
      at = child;
    }
    set(share, at);
  }

  private int set(QueueShare share, int at) {
    heap[at] = share;
    share.position = at;
    return at;
  }
}
