package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Works jobs on many threads: a {@link Locker} takes them and holds their locks, {@link JobThread}s
 * run them, a {@link Finisher} writes their ends, and a {@link Listener} hears of new ones. Safe
 * for use by many threads.
 */
public final class Engine implements Stoppable {

  /**
   * What the user has set.
   *
   * @param queues worked in turn
   * @param interval how often a queue is looked at when there is nothing to do
   * @param name part of the threads' names
   * @param count how many jobs run at a time
   * @param threads makes the threads that run them, or null for platform threads
   * @param mostLocked how many jobs are locked at a time
   * @param listens whether it hears of new jobs from the database
   */
  public record Settings(
      List<String> queues,
      Duration interval,
      String name,
      int count,
      @Nullable ThreadFactory threads,
      int mostLocked,
      boolean listens) {

    /** How many connections the pool takes at most: three of its own, and one a handler. */
    public int connections() {
      return (listens ? 3 : 2) + count;
    }
  }

  private final Settings settings;
  private final Connections connections;
  private final Statements sql;
  private final JobPolicy policy;
  private final WakeUps wakeUps;

  private final Counters counters = new Counters();
  private final PoolLog poolLog;
  private final Taker taker;
  private final Locker locker;
  private final Finisher finisher;
  private final Listener listener;
  private final List<JobThread> workers;

  private final CountDownLatch workersEnded;
  private final CountDownLatch finisherEnded = new CountDownLatch(1);
  private final CountDownLatch lockerEnded = new CountDownLatch(1);
  private final CountDownLatch listenerEnded = new CountDownLatch(1);

  /** Set by start, which can happen once. */
  private final AtomicBoolean started = new AtomicBoolean();

  /** Set when a handler was left running, which no later shutdown needs to wait for. */
  private volatile boolean abandoned;

  /** Written by start before anything else runs, so that a shutdown ends the wake-ups. */
  private volatile Runnable noWakeUps = () -> {};

  /** Set by the first shutdown, and read by a start that it may have overtaken. */
  private volatile boolean stopped;

  public Engine(
      Connections connections,
      Statements sql,
      JobPolicy policy,
      Runner runner,
      WakeUps wakeUps,
      Settings settings) {
    this(connections, sql, policy, runner, wakeUps, settings, System::nanoTime);
  }

  /**
   * @param clock measures how long jobs wait and run, in nanoseconds
   */
  Engine(
      Connections connections,
      Statements sql,
      JobPolicy policy,
      Runner runner,
      WakeUps wakeUps,
      Settings settings,
      LongSupplier clock) {
    this.settings = settings;
    this.poolLog = new PoolLog(settings);
    this.connections = connections;
    this.sql = sql;
    this.policy = policy;
    this.wakeUps = wakeUps;
    Stoppage stoppage = new Stoppage(this::wakeLocker, this::wakeFinisher);
    LockLimit limit = new LockLimit(settings.mostLocked);
    this.taker =
        new Taker(settings.queues, settings.interval, settings.count, limit, stoppage, counters);
    this.locker =
        new Locker(
            connections,
            sql,
            taker,
            needed -> new Buffer(settings.queues, settings.count, clock, needed),
            this::job,
            this::interrupt,
            counters);
    this.finisher = new Finisher(connections, sql, locker, stoppage, counters);
    this.listener = new Listener(connections, sql, locker::heed);
    this.workers =
        IntStream.range(0, settings.count)
            .mapToObj(
                i ->
                    new JobThread(
                        locker.buffer(), runner, locker::wakeForReleased, counters::count))
            .toList();
    this.workersEnded = new CountDownLatch(settings.count);
  }

  private HeldJob job(JobRow row) {
    return new HeldJob(
        row,
        sql,
        policy,
        new BorrowedTransaction(connections, sql, settings.connections()),
        false,
        finisher::add,
        locker::release);
  }

  private void wakeLocker() {
    locker.wake();
  }

  private void wakeFinisher() {
    finisher.wake();
  }

  private void interrupt(HeldJob job) {
    workers.forEach(worker -> worker.interrupt(job));
  }

  /**
   * Starts all threads.
   *
   * @return false if that was done before, or if it was shut down
   */
  public boolean start() {
    if (!started.compareAndSet(false, true)) {
      return false;
    }
    Deque<Part> parts = new ArrayDeque<>();
    try {
      noWakeUps = wakeUps.register(locker::heed);
      addTo(parts);
    } catch (Throwable t) {
      noneRuns();
      throw t;
    }
    if (stopped) {
      noneRuns();
      return false;
    }
    try {
      while (!parts.isEmpty()) {
        parts.getFirst().thread().start();
        parts.removeFirst();
      }
      poolLog.started();
    } catch (Throwable t) {
      // As where there is no memory for so many threads: what was not started has ended.
      parts.forEach(part -> part.ended().countDown());
      shutdown(Duration.ZERO);
      throw t;
    }
    return true;
  }

  private void addTo(Deque<Part> parts) {
    String prefix = "qg-" + settings.name + "-";
    if (settings.listens) {
      parts.add(Part.of(prefix + "listener", listener, listenerEnded, null));
    } else {
      listenerEnded.countDown();
    }
    parts.add(Part.of(prefix + "finisher", finisher, finisherEnded, null));
    parts.add(Part.of(prefix + "locker", locker, lockerEnded, null));
    for (int i = 0; i < workers.size(); i++) {
      parts.add(Part.of(prefix + (i + 1), workers.get(i), workersEnded, settings.threads));
    }
  }

  /** Nothing was started: a shutdown has nothing to wait for. */
  private void noneRuns() {
    listenerEnded.countDown();
    finisherEnded.countDown();
    lockerEnded.countDown();
    for (int i = 0; i < settings.count; i++) {
      workersEnded.countDown();
    }
    noWakeUps.run();
  }

  @Override
  public void stop() {
    stopped = true;
    noWakeUps.run();
    listener.stop();
    locker.stop();
  }

  /**
   * Takes no more jobs, gives back those that have not started, and lets the others finish until
   * the time limit. What runs then is interrupted, and given back if it fails by that; a handler
   * that takes no notice loses its job and its transaction. Then writes what is to be written,
   * gives the locks back and ends all threads, which takes some seconds more at most where the
   * database doesn't answer. An interrupt of the calling thread is such a time limit too.
   */
  @Override
  public boolean shutdown(Duration limit) {
    long unfinishedBefore = counters.unfinished.sum();
    stop();
    if (!started.get()) {
      return true;
    }
    Countdown countdown = new Countdown(limit);
    boolean inTime =
        (!abandoned && countdown.await(workersEnded))
            || (running() == 0 && countdown.awaitMore(workersEnded, Timings.GRACE));
    if (!inTime) {
      counters.unfinished.increment();
      workers.forEach(JobThread::interrupt);
      if (!countdown.awaitMore(workersEnded, abandoned ? Duration.ZERO : Timings.GRACE)) {
        abandoned = true;
        workers.forEach(this::abandon);
      }
    }
    finisher.stop();
    Duration forFlush =
        finisher.isIdle() ? Timings.GRACE : countdown.left(Timings.GRACE, Timings.CLOSE_LIMIT);
    if (!countdown.awaitMore(finisherEnded, forFlush)) {
      inTime = false;
      finisher.giveUp();
      countdown.awaitMore(finisherEnded, Timings.GRACE);
    }
    locker.end();
    if (!countdown.awaitMore(lockerEnded, Timings.GRACE)) {
      inTime = false;
      locker.abort();
    }
    countdown.awaitMore(listenerEnded, Timings.GRACE);
    inTime &= counters.unfinished.sum() == unfinishedBefore;
    countdown.restoreInterrupt();
    poolLog.stopped(inTime, counters);
    return inTime;
  }

  private void abandon(JobThread worker) {
    HeldJob job = worker.current();
    if (job != null && job.abandon()) {
      locker.release(job);
      poolLog.abandoned(job);
    }
  }

  private int running() {
    return (int) workers.stream().filter(worker -> worker.current() != null).count();
  }

  public Inside inside() {
    return new Inside(
        counters.takes.sum(),
        counters.taken.sum(),
        counters.givenBack.sum(),
        counters.worked.sum(),
        counters.failed.sum(),
        counters.lost.sum(),
        counters.endStatements.sum(),
        counters.endedByThem.sum(),
        locker.buffer().level().waiting(),
        running(),
        locker.held(),
        locker.sessionAge(),
        taker.sinceSweep());
  }
}
