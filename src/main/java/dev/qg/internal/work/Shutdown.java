package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.LogText;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends a loop in order: asked to, then interrupted, then robbed of its session. */
final class Shutdown {

  /** Why a handler was interrupted. */
  static final String OUT_OF_TIME = "the time limit of the shutdown is over";

  private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

  private Shutdown() {}

  /**
   * Lets the loop finish its current job until the time limit. What runs then is interrupted, and
   * its job is given back; a handler that takes no notice of that loses its session, and thereby
   * its job and its transaction. An interrupt of the calling thread is such a time limit too.
   *
   * @return whether the loop and its job ended by themselves within the limit
   */
  static boolean of(WorkLoop loop, Duration limit) {
    long unfinishedBefore = loop.unfinished();
    loop.stop();
    Countdown countdown = new Countdown(limit);
    boolean inTime = countdown.await(loop.ended());
    if (!inTime) {
      loop.interrupt();
      if (!countdown.awaitMore(loop.ended(), Timings.GRACE)) {
        abort(loop);
      }
    }
    countdown.restoreInterrupt();
    return inTime && loop.unfinished() == unfinishedBefore;
  }

  private static void abort(WorkLoop loop) {
    Thread thread = loop.abort();
    if (thread != null) {
      log.atWarn()
          .addKeyValue("event", "handler_abandoned")
          .addKeyValue("thread", LogText.of(thread.getName()))
          .log(
              "The handler on the thread {} still runs after the time limit of the shutdown and an"
                  + " interrupt: its session is ended, and its job is free when the server notices",
              LogText.of(thread.getName()));
    }
  }
}
