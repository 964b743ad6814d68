package dev.qg;

import dev.qg.internal.sql.LogText;
import java.time.Instant;

/**
 * The jobs of one type in one queue, counted.
 *
 * @param queue the queue
 * @param type the type
 * @param count all of them, due or not
 * @param countWorking those that are locked, by whichever client
 * @param countErrored those that have failed at least once
 * @param highestErrorCount how often the one failed that failed most
 * @param oldestRunAt the earliest time from which one is due
 */
public record JobStats(
    String queue,
    String type,
    long count,
    long countWorking,
    long countErrored,
    int highestErrorCount,
    Instant oldestRunAt) {

  /** On one line, whatever characters the texts have. */
  @Override
  public String toString() {
    return "JobStats[queue="
        + LogText.of(queue)
        + ", type="
        + LogText.of(type)
        + ", count="
        + count
        + ", countWorking="
        + countWorking
        + ", countErrored="
        + countErrored
        + ", highestErrorCount="
        + highestErrorCount
        + ", oldestRunAt="
        + oldestRunAt
        + "]";
  }
}
