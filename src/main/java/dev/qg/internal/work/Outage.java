package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.LogText;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Something that fails again and again, such as a database that is away: said once when it begins
 * and once when it is over, with growing pauses in between. A refusal, which lasts until somebody
 * changes something, is said even if the database was away before. For one thread.
 */
final class Outage {

  private static final Logger log = LoggerFactory.getLogger(Outage.class);

  private final String subject;
  private final String consequence;
  private Duration pause = Timings.FIRST_PAUSE;

  private boolean on;
  private long since;
  private boolean isRefusalTold;

  /**
   * @param subject names the events
   * @param consequence what doesn't happen meanwhile, as a sentence
   */
  Outage(String subject, String consequence) {
    this.subject = subject;
    this.consequence = consequence;
  }

  /** Tells how long to wait before the next try. */
  Duration failed(Throwable cause) {
    boolean isNewRefusal = cause instanceof UnfitConnectionException && !isRefusalTold;
    isRefusalTold |= isNewRefusal;
    log.atLevel(on && !isNewRefusal ? Level.DEBUG : Level.ERROR)
        .addKeyValue("event", subject + "_failing")
        .addKeyValue("thread", thread())
        .setCause(cause)
        .log(
            consequence
                + "; trying again, with pauses of up to "
                + Timings.LONGEST_PAUSE.toSeconds()
                + " s");
    if (!on) {
      since = System.nanoTime();
    }
    on = true;
    Duration now = pause;
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(Timings.LONGEST_PAUSE) < 0 ? doubled : Timings.LONGEST_PAUSE;
    return now;
  }

  /** Its name has that of the pool. */
  private static String thread() {
    return LogText.of(Thread.currentThread().getName());
  }

  void over() {
    if (on) {
      Duration away = Duration.ofMillis((System.nanoTime() - since) / 1_000_000);
      log.atInfo()
          .addKeyValue("event", subject + "_recovered")
          .addKeyValue("thread", thread())
          .addKeyValue("away", away)
          .log("Recovered after {}. Before: \"{}\"", away, consequence);
      on = false;
      isRefusalTold = false;
      pause = Timings.FIRST_PAUSE;
    }
  }
}
