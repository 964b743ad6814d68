package dev.qg.internal.work;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The pools and workers of a client that run now, for its close to shut them down. Thread-safe. */
public final class RunningWorkers {

  private final Set<Stoppable> workers = ConcurrentHashMap.newKeySet();

  /** Read again after a worker was added, so that a close at the same time misses none. */
  private volatile boolean closed;

  /**
   * Adds one that is about to start.
   *
   * @throws IllegalStateException if the client is closed, or is being closed
   */
  public void add(Stoppable worker) {
    workers.add(worker);
    if (closed) {
      workers.remove(worker);
      throw new IllegalStateException("This Qg is closed");
    }
  }

  /** Forgets one that has ended. */
  public void remove(Stoppable worker) {
    workers.remove(worker);
  }

  /** Shuts all of them down within one time limit, and lets no other one start. */
  public void close(Duration limit) {
    closed = true;
    List<Stoppable> running = List.copyOf(workers);
    running.forEach(Stoppable::stop);
    long end = System.nanoTime() + limit.toNanos();
    for (Stoppable worker : running) {
      worker.shutdown(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
      workers.remove(worker);
    }
  }
}
