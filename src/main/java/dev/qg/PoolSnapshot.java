package dev.qg;

import java.time.Duration;
import java.util.Optional;

/**
 * What a {@link WorkerPool} is doing and has done since its start, for metrics and tests. Each
 * number is right for itself, but they are not all of the very same moment.
 *
 * @param taken jobs that were locked
 * @param givenBack jobs of those that were not started, since handlers became slower or the pool
 *     was shut down, or that were stopped without an error of their own
 * @param worked jobs that were completed, which is committed
 * @param failed jobs whose failure was recorded, which is committed
 * @param lost jobs that somebody else had in the meantime, or that could not be deleted
 * @param waiting jobs that are locked now and not started
 * @param running jobs whose handler runs now
 * @param ending jobs whose handler has returned and whose end or unlocking is not committed
 * @param takes statements that have locked jobs; {@code taken / takes} is how many at a time
 * @param endStatements statements that have ended jobs, but for those that were ended in their own
 *     transaction
 * @param endedByThem jobs that those have ended
 * @param sessionAge for how long the session has been open that holds the locks; empty if there is
 *     none now
 * @param sinceSweep how long ago the queues were last looked at from their most urgent job on, the
 *     longest of all queues; empty before the first time
 */
public record PoolSnapshot(
    long taken,
    long givenBack,
    long worked,
    long failed,
    long lost,
    int waiting,
    int running,
    int ending,
    long takes,
    long endStatements,
    long endedByThem,
    Optional<Duration> sessionAge,
    Optional<Duration> sinceSweep) {}
