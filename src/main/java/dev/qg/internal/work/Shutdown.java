package dev.qg.internal.work;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends loops in order: asked to, then interrupted, then robbed of their sessions. */
public final class Shutdown {

  /** Longer than anybody lives. */
  public static final Duration NO_LIMIT = Duration.ofDays(100_000);

  /** What a try-with-resources can be expected to wait. */
  public static final Duration LIMIT_OF_CLOSE = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

  /** How long a handler that was interrupted has to return before its session is ended. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private Shutdown() {}

  /**
   * Lets each loop finish its current job until the time limit. What runs then is interrupted, and
   * its job is given back; a handler that takes no notice of that loses its session, and thereby
   * its job and its transaction. An interrupt of the calling thread is such a time limit too.
   *
   * @return whether all loops ended by themselves within the limit
   */
  public static boolean of(List<WorkLoop> loops, Duration limit) {
    loops.forEach(WorkLoop::stop);
    boolean interrupted = false;
    try {
      if (awaitAll(loops, limit)) {
        return true;
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    loops.forEach(WorkLoop::interrupt);
    try {
      if (!interrupted && awaitAll(loops, GRACE)) {
        return false;
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    loops.forEach(Shutdown::abort);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  private static void abort(WorkLoop loop) {
    Thread thread = loop.abort();
    if (thread != null) {
      log.atWarn()
          .addKeyValue("event", "handler_abandoned")
          .addKeyValue("thread", thread.getName())
          .log(
              "The handler on the thread {} still runs after the time limit of the shutdown and an"
                  + " interrupt: its session is ended, and its job is free when the server notices",
              thread.getName());
    }
  }

  private static boolean awaitAll(List<WorkLoop> loops, Duration limit)
      throws InterruptedException {
    long nanos = TimeUnit.NANOSECONDS.convert(limit);
    long start = System.nanoTime();
    for (WorkLoop loop : loops) {
      if (!loop.awaitEnd(nanos - (System.nanoTime() - start))) {
        return false;
      }
    }
    return true;
  }
}
