package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import java.time.Duration;

/**
 * The durations of a queue's handlers, and how many of its jobs to prefetch by them: as many as the
 * threads will start within a short time. Slow handlers get none ahead, so that the jobs are left
 * to other pools. Guarded by the lock of the {@link Buffer}.
 */
final class Pace {

  private final int threads;
  private double mean = Timings.PREFETCH.toNanos();
  private int allowed;

  /**
   * @param threads how many jobs the pool runs at a time
   */
  Pace(int threads) {
    this.threads = threads;
  }

  /** Counts a run; the last few runs of each thread weigh most. */
  void ran(long nanos) {
    mean += (nanos - mean) / (2.0 * threads);
  }

  /** How long the next job is expected to run, in nanoseconds; at least one. */
  long expected() {
    return Math.max(1, (long) mean);
  }

  /**
   * How many jobs may wait to be started. It at most doubles from one time to the next, so that a
   * few fast handlers don't stand for many.
   *
   * @param most for all queues together
   * @param queues how many queues share the threads
   */
  int ahead(int most, int queues) {
    double started = threads * Timings.PREFETCH.toNanos() / Math.max(1, mean);
    int wanted = started < 2 * threads ? 0 : (int) Math.ceil(Math.min(most, started) / queues);
    allowed = Math.min(wanted, Math.max(Math.max(1, threads / queues), allowed * 2));
    return allowed;
  }

  /** Stops prefetching until handlers turn out to be fast: jobs were not started in time. */
  void stalled() {
    mean = Math.max(mean, (double) Timings.PREFETCH.toNanos());
    allowed = 0;
  }

  static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
