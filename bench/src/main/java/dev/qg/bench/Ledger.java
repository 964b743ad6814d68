package dev.qg.bench;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Counts how often each job was worked, and holds the clock. A contestant that doesn't work every
 * job exactly once has no figure. Safe for use by many threads.
 */
public final class Ledger {

  /** Work that the handlers of a scenario do. */
  public interface Handler {
    void work(int number) throws Exception;
  }

  private static final int MARKS = 10;
  private static final Duration UNTIL_FINISHED = Duration.ofSeconds(30);

  /** How long nothing is worked before the ledger asks whether anything is left to be worked. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final AtomicIntegerArray times;
  private final int wanted;
  private final Duration limit;
  private final Handler handler;
  private final Callable<?> start;

  private final AtomicInteger worked = new AtomicInteger();
  private final CountDownLatch complete = new CountDownLatch(1);

  /** When each tenth of what is wanted was worked; each written by the thread that completed it. */
  private final long[] marks = new long[MARKS + 1];

  private volatile long began;
  private volatile long ended;
  private volatile int workedAtEnd;

  private Ledger(int jobs, int wanted, Duration limit, Handler handler, Callable<?> start) {
    this.times = new AtomicIntegerArray(jobs);
    this.wanted = wanted;
    this.limit = limit;
    this.handler = handler;
    this.start = start;
  }

  /** Wants all jobs. */
  public static Ledger of(int jobs) {
    return new Ledger(jobs, jobs, Duration.ofHours(1), number -> {}, null);
  }

  /** Is content with some of the jobs. */
  public Ledger wanting(int some) {
    return new Ledger(times.length(), Math.min(some, times.length()), limit, handler, start);
  }

  /** Is content with what was worked when the time is up. */
  public Ledger within(Duration time) {
    return new Ledger(times.length(), wanted, time, handler, start);
  }

  /** Has each job do something. */
  public Ledger handling(Handler work) {
    return new Ledger(times.length(), wanted, limit, work, start);
  }

  /**
   * Does something when the clock starts, and does not look whether the jobs have left the table:
   * who measures what a contestant uses must not use anything meanwhile. What is left to do when
   * all jobs are worked, the contestant does when its workers are stopped.
   */
  public Ledger measuring(Callable<?> atStart) {
    return new Ledger(times.length(), wanted, limit, handler, atStart);
  }

  /** How many jobs there are. */
  public int jobs() {
    return times.length();
  }

  /** Starts the clock. */
  public void begin() throws Exception {
    if (start != null) {
      start.call();
    }
    began = System.nanoTime();
    marks[0] = began;
  }

  /** Is the handler of all contestants in this JVM. */
  public void work(int number) throws Exception {
    handler.work(number);
    times.incrementAndGet(number);
    add(1);
  }

  /** Hears of jobs that were worked in another process, which tells later which ones. */
  public void add(int count) {
    int total = worked.addAndGet(count);
    int tenth = Math.max(1, wanted / MARKS);
    if (total / tenth != (total - count) / tenth && total / tenth <= MARKS) {
      marks[total / tenth] = System.nanoTime();
    }
    if (total >= wanted) {
      complete.countDown();
    }
  }

  /** Hears how often another process worked each job. */
  public void record(byte[] timesOfOther) {
    for (int number = 0; number < timesOfOther.length; number++) {
      times.addAndGet(number, timesOfOther[number]);
    }
  }

  /** Whether the contestant may stop: it has worked what is wanted, or the time is up. */
  public boolean isDone() {
    return complete.getCount() == 0 || timeIsUp();
  }

  private boolean timeIsUp() {
    return System.nanoTime() - began > limit.toNanos();
  }

  /**
   * Waits until the contestant may stop; if all jobs were worked, until none is left in the table
   * either. Then stops the clock. If jobs have left the table unworked, it stops too: {@link
   * #check} tells.
   */
  public void await(Callable<Long> left) throws Exception {
    long moved = System.nanoTime();
    int before = 0;
    while (!complete.await(1, TimeUnit.SECONDS) && !timeIsUp()) {
      int now = worked.get();
      Progress.show(now, wanted);
      if (now > before) {
        moved = System.nanoTime();
        before = now;
      } else if (System.nanoTime() - moved > PATIENCE.toNanos()) {
        if (left.call() == 0) {
          break;
        }
        moved = System.nanoTime();
      }
    }
    if (worked.get() == jobs() && start == null) {
      long workedAt = System.nanoTime();
      while (left.call() > 0) {
        if (System.nanoTime() - workedAt > UNTIL_FINISHED.toNanos()) {
          throw new IllegalStateException(
              "All jobs were worked, but " + left.call() + " don't leave the table");
        }
        Thread.sleep(1);
      }
    }
    ended = System.nanoTime();
    workedAtEnd = worked.get();
  }

  /** Whether each job was worked exactly once, but for those that are left in the table. */
  public void check(long left) {
    int once = 0;
    for (int number = 0; number < times.length(); number++) {
      int count = times.get(number);
      if (count > 1) {
        throw new IllegalStateException("Job " + number + " was worked " + count + " times");
      }
      once += count;
    }
    if (once + left != times.length()) {
      throw new IllegalStateException(
          "Of %,d jobs, %,d were worked and %,d are left".formatted(times.length(), once, left));
    }
  }

  /** Whether everything that is wanted was worked in time. */
  public boolean isComplete() {
    return complete.getCount() == 0;
  }

  /** Jobs a second, by the clock. */
  public double rate() {
    return workedAtEnd * 1e9 / (ended - began);
  }

  /** Jobs a second in one tenth of what is wanted, from 1 to 10; 0 if the time was up before. */
  public double rateOfTenth(int tenth) {
    long time = marks[tenth] - marks[tenth - 1];
    return marks[tenth] == 0 ? 0 : wanted / MARKS * 1e9 / time;
  }

  /** How often each job was worked, for another process. */
  public byte[] times() {
    byte[] bytes = new byte[times.length()];
    for (int number = 0; number < bytes.length; number++) {
      bytes[number] = (byte) Math.min(times.get(number), Byte.MAX_VALUE);
    }
    return bytes;
  }
}
