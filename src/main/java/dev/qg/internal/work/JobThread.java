package dev.qg.internal.work;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of a pool's threads that run handlers: takes a job from the buffer, runs it, and again. Other
 * threads may interrupt its handler or take its job away.
 */
final class JobThread implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(JobThread.class);

  private final Buffer buffer;
  private final Runner runner;
  private final Turns.Running running = new Turns.Running();
  private final Runnable afterwards;
  private final Consumer<HeldJob.End> report;

  /** Guards the three below, so that nobody interrupts a thread whose job is another by now. */
  private final ReentrantLock guard = new ReentrantLock();

  private @Nullable Thread thread;
  private @Nullable HeldJob current;

  /** Whether it is in a handler: what comes after that is not to be interrupted. */
  private boolean inHandler;

  /** Written before the interrupt, so that the handler's error is known to be its consequence. */
  private volatile boolean outOfTime;

  /**
   * @param afterwards called after each job, whose lock may be to be given back
   * @param report hears how each job ended
   */
  JobThread(Buffer buffer, Runner runner, Runnable afterwards, Consumer<HeldJob.End> report) {
    this.buffer = buffer;
    this.runner = runner;
    this.afterwards = afterwards;
    this.report = report;
  }

  @Override
  public void run() {
    boolean goesOn = true;
    while (goesOn) {
      try {
        HeldJob job = buffer.take(running);
        goesOn = job != null;
        if (job != null) {
          workToTheEnd(job);
        }
      } catch (Throwable t) {
        // Such as that there is no memory left to wait for a job: it goes on once there is.
        NoMemory.pause();
      }
    }
  }

  private void workToTheEnd(HeldJob job) {
    try {
      use(job);
      work(job);
    } catch (Throwable t) {
      try {
        // Its end could not even be left to others: the job is as it was, and is let go.
        log.atError()
            .addKeyValue("event", "worker_failing")
            .setCause(t)
            .log("{} was not ended", job);
      } finally {
        job.letGo();
        report.accept(HeldJob.End.GIVEN_BACK);
      }
    } finally {
      use(null);
      afterwards.run();
    }
  }

  private void work(HeldJob job) {
    if (job.isLost()) {
      job.done();
    } else {
      runner.run(job, this::handlerReturned, () -> whyTakenAway(job), report);
    }
  }

  private @Nullable String whyTakenAway(HeldJob job) {
    if (outOfTime) {
      return Shutdown.OUT_OF_TIME;
    }
    return job.isLost() ? "the session that held its lock is gone" : null;
  }

  private void use(@Nullable HeldJob job) {
    guard.lock();
    try {
      thread = Thread.currentThread();
      current = job;
      inHandler = job != null;
      // Meant for the handler before, and in the way of this one.
      Thread.interrupted();
      if (inHandler && outOfTime) {
        thread.interrupt();
      }
    } finally {
      guard.unlock();
    }
  }

  private void handlerReturned() {
    guard.lock();
    try {
      inHandler = false;
    } finally {
      guard.unlock();
    }
  }

  /** Interrupts the handler, if it works this job. */
  void interrupt(HeldJob job) {
    guard.lock();
    try {
      if (thread != null && inHandler && current == job) {
        thread.interrupt();
      }
    } finally {
      guard.unlock();
    }
  }

  /** Interrupts the handler that is running or about to; if it fails, its job is given back. */
  void interrupt() {
    guard.lock();
    try {
      outOfTime = true;
      if (thread != null && inHandler) {
        thread.interrupt();
      }
    } finally {
      guard.unlock();
    }
  }

  /** The job that it works now, if any. */
  @Nullable HeldJob current() {
    guard.lock();
    try {
      return current;
    } finally {
      guard.unlock();
    }
  }
}
