package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many jobs to take ahead of what the handlers' threads run: as many as they will start within
 * a short time, by how long handlers took of late. Slow handlers get none ahead, so that the jobs
 * are left to other pools. Handlers tell their times; the rest is for the locker's thread.
 */
final class Pace {

  private final int threads;
  private final LongAdder nanos = new LongAdder();
  private final LongAdder runs = new LongAdder();

  private long nanosSeen;
  private long runsSeen;
  private double mean = Timings.PREFETCH.toNanos();
  private int allowed;

  Pace(int threads) {
    this.threads = threads;
  }

  /** How many jobs run at a time. */
  int threads() {
    return threads;
  }

  void ran(long time) {
    nanos.add(time);
    runs.increment();
  }

  /**
   * How many may wait to be started. It at most doubles from one time to the next, so that a few
   * fast handlers don't stand for many.
   */
  int ahead(int most) {
    long newNanos = nanos.sum() - nanosSeen;
    long newRuns = runs.sum() - runsSeen;
    if (newRuns > 0) {
      nanosSeen += newNanos;
      runsSeen += newRuns;
      double weight = Math.min(1, newRuns / (2.0 * threads));
      mean += weight * ((double) newNanos / newRuns - mean);
    }
    double started = threads * Timings.PREFETCH.toNanos() / Math.max(1, mean);
    int wanted = started < 2 * threads ? 0 : (int) Math.min(most, started);
    allowed = Math.min(wanted, Math.max(threads, allowed * 2));
    return allowed;
  }

  /** Hears that jobs had to be given back, since they were not started in time. */
  void stalled() {
    mean = Math.max(mean, (double) Timings.PREFETCH.toNanos());
    allowed = 0;
  }

  static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }
}
