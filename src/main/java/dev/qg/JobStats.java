package dev.qg;

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
    Instant oldestRunAt) {}
