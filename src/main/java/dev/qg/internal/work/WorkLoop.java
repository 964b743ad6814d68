package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works jobs one at a time on the thread that runs it, each on a session that holds its lock: lock,
 * look again, work, delete, unlock. While there is nothing to do it holds no connection.
 */
public final class WorkLoop implements Stoppable {

  /** What a look for a job came to. */
  private enum Found {
    NOTHING,
    JOB,
    LOST_JOB
  }

  private static final Logger log = LoggerFactory.getLogger(WorkLoop.class);

  private static final CountDownLatch NEVER_STARTED = new CountDownLatch(0);

  private final Connections connections;
  private final Statements sql;
  private final JobPolicy policy;
  private final Runner runner;
  private final Places places;
  private final RunningWorkers running;
  private final String queue;
  private final Duration interval;

  private final Waiter waiter = new Waiter();

  private final AtomicBoolean started = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  private final LongAdder unfinished = new LongAdder();

  /** Written by whoever shuts down, read by the loop between two jobs. */
  private volatile boolean stopping;

  /** Written before the interrupt, so that the handler's error is known to be its consequence. */
  private volatile boolean outOfTime;

  /** Guards the two below, so that no thread is interrupted that has left the loop. */
  private final ReentrantLock guard = new ReentrantLock();

  private @Nullable Thread thread;
  private @Nullable Session session;

  /**
   * @param places shared by all that work on the same database
   * @param running has it while it runs
   * @param interval how long to wait when there was nothing to do
   */
  public WorkLoop(
      Connections connections,
      Statements sql,
      JobPolicy policy,
      Runner runner,
      Places places,
      RunningWorkers running,
      String queue,
      Duration interval) {
    this.connections = connections;
    this.sql = sql;
    this.policy = policy;
    this.runner = runner;
    this.places = places;
    this.running = running;
    this.queue = queue;
    this.interval = interval;
  }

  /**
   * Works one job, if one is due. Pauses after one that was lost.
   *
   * @return whether there was one
   */
  public boolean workOne() {
    Found found;
    try (Session one = Session.open(connections, sql)) {
      found = one.use(() -> workOne(one));
    }
    if (found == Found.LOST_JOB) {
      // It may be found again at once, and its caller asks as long as there is one.
      pauseFor(Timings.AFTER_CONTENTION);
    }
    return found != Found.NOTHING;
  }

  private Found workOne(Session on) {
    Optional<JobRow> row = places.take(queue, behind -> on.locks().takeOne(queue, behind));
    if (row.isEmpty()) {
      on.requireWritable();
      return Found.NOTHING;
    }
    boolean kept = false;
    try {
      kept = places.lateFailures().workOrRecord(on.hold(row.get(), policy), this::run);
    } finally {
      unfinished.add(kept ? 0 : 1);
    }
    return kept ? Found.JOB : Found.LOST_JOB;
  }

  private boolean run(HeldJob job) {
    return runner.run(
        job,
        () -> {},
        () -> outOfTime ? Shutdown.OUT_OF_TIME : null,
        end -> unfinished.add(end == HeldJob.End.GIVEN_BACK ? 1 : 0));
  }

  /** Works until it is stopped, or until the thread is interrupted by its owner. Once only. */
  public void run() {
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("This worker works already, or has worked before");
    }
    enter();
    try {
      running.add(this);
      tell("worker_started", "Worker of the queue \"{}\" started on the thread {}");
      loop();
      tell("worker_stopped", "Worker of the queue \"{}\" stopped on the thread {}");
    } finally {
      running.remove(this);
      leave();
    }
  }

  private void tell(String event, String message) {
    String name = LogText.of(queue);
    String threadName = LogText.of(Thread.currentThread().getName());
    log.atInfo()
        .addKeyValue("event", event)
        .addKeyValue("queue", name)
        .addKeyValue("thread", threadName)
        .log(message, name, threadName);
  }

  private void loop() {
    Outage outage = new Outage("worker", "Can't work jobs");
    while (goesOn()) {
      Duration pause = interval;
      try {
        pause = drain(outage);
      } catch (ContentionException e) {
        log.atDebug().addKeyValue("event", "contention").log(e.getMessage());
        pause = Timings.AFTER_CONTENTION;
      } catch (Throwable t) {
        if (outOfTime || wantedBack()) {
          log.atDebug()
              .addKeyValue("event", "session_ended")
              .setCause(t)
              .log("As the shutdown or an interrupt asked");
        } else {
          pause = outage.failed(t);
        }
      }
      if (!stopping) {
        pauseFor(pause);
      }
    }
  }

  private boolean goesOn() {
    return !wantedBack() && !stopping;
  }

  /** Whether who owns the thread has interrupted it. */
  private boolean wantedBack() {
    return Thread.currentThread().isInterrupted();
  }

  /**
   * Works what is due, on one session, which then goes back to the pool.
   *
   * @return how long to wait before looking again
   */
  private Duration drain(Outage outage) {
    try (Session one = Session.open(connections, sql)) {
      use(one);
      try {
        Found found = Found.JOB;
        while (found == Found.JOB && goesOn()) {
          found = one.use(() -> workOne(one));
          outage.over();
        }
        return found == Found.LOST_JOB ? Timings.AFTER_CONTENTION : interval;
      } finally {
        use(null);
      }
    }
  }

  private void pauseFor(Duration time) {
    try {
      waiter.await(time);
    } catch (InterruptedException e) {
      // Somebody who owns the thread wants it back: the loop's condition sees the flag.
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void stop() {
    stopping = true;
    waiter.wake();
  }

  @Override
  public boolean shutdown(Duration limit) {
    return Shutdown.of(this, limit);
  }

  /** How many jobs were given back or lost until now, or could not be ended. */
  long unfinished() {
    return unfinished.sum();
  }

  /** At 0 as long as the loop doesn't run. */
  CountDownLatch ended() {
    return started.get() ? ended : NEVER_STARTED;
  }

  /** Interrupts the handler that is running; if it fails now, its job is given back. */
  void interrupt() {
    guard.lock();
    try {
      if (thread != null) {
        outOfTime = true;
        thread.interrupt();
      }
    } finally {
      guard.unlock();
    }
  }

  /**
   * Takes the job from a handler that doesn't return: its session ends, and so does its lock.
   *
   * @return the thread that runs on, or null if there is none
   */
  @Nullable Thread abort() {
    guard.lock();
    try {
      if (session == null) {
        return null;
      }
      session.abandon();
      return thread;
    } finally {
      guard.unlock();
    }
  }

  private void enter() {
    guard.lock();
    try {
      thread = Thread.currentThread();
    } finally {
      guard.unlock();
    }
  }

  private void leave() {
    guard.lock();
    try {
      thread = null;
      if (outOfTime) {
        Thread.interrupted();
      }
    } finally {
      guard.unlock();
      ended.countDown();
    }
  }

  private void use(@Nullable Session current) {
    guard.lock();
    try {
      session = current;
    } finally {
      guard.unlock();
    }
  }
}
