package dev.qg;

import java.time.Duration;
import java.util.Map;

/** The settings of workers that the environment decides, as it does for qg and Ruby's Que. */
record Defaults(String queue, Duration interval) {

  private static final String INTERVAL = "QUE_WAKE_INTERVAL";

  /**
   * Reads {@code QUE_QUEUE} and {@code QUE_WAKE_INTERVAL}, which is in seconds.
   *
   * @throws IllegalArgumentException if the interval is not a whole number of 1 or more
   */
  static Defaults of(Map<String, String> environment) {
    return new Defaults(
        environment.getOrDefault("QUE_QUEUE", ""),
        interval(environment.getOrDefault(INTERVAL, "")));
  }

  private static Duration interval(String seconds) {
    if (seconds.isEmpty()) {
      return Duration.ofSeconds(5);
    }
    try {
      return Check.positive(INTERVAL, Duration.ofSeconds(Long.parseLong(seconds.trim())));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "The environment's "
              + INTERVAL
              + " must be a number of seconds, 1 or more, but is \""
              + seconds
              + "\"",
          e);
    }
  }
}
