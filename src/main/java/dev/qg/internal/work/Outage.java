package dev.qg.internal.work;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Something that fails again and again, such as a database that is away: said once when it begins
 * or becomes another kind of failure, and once when it is over, with growing pauses in between. For
 * one thread.
 */
final class Outage {

  private static final Logger log = LoggerFactory.getLogger(Outage.class);

  /** Before the second try; for whoever can't even say that the first one has failed, too. */
  static final Duration FIRST_PAUSE = Duration.ofMillis(100);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private final String subject;
  private final String consequence;
  private Duration pause = FIRST_PAUSE;

  /** The kinds of failures that were told, since it began. */
  private final Set<Class<?>> told = new HashSet<>();

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
    log.atLevel(told.add(cause.getClass()) ? Level.ERROR : Level.DEBUG)
        .addKeyValue("event", subject + "_failing")
        .setCause(cause)
        .log(
            consequence
                + "; trying again, with pauses of up to "
                + LONGEST_PAUSE.toSeconds()
                + " s");
    Duration now = pause;
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    return now;
  }

  void over() {
    if (!told.isEmpty()) {
      log.atInfo().addKeyValue("event", subject + "_recovered").log("It works again");
      told.clear();
      pause = FIRST_PAUSE;
    }
  }
}
