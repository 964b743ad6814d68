package dev.qg.internal.work;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The state of an engine at one moment.
 *
 * @param takes how many looks for jobs have found some
 * @param sessionAge null if no session holds locks
 * @param sinceSweep null before the first
 */
public record Inside(
    long takes,
    long taken,
    long givenBack,
    long worked,
    long failed,
    long lost,
    long endStatements,
    long endedByThem,
    int waiting,
    int running,
    int locked,
    @Nullable Duration sessionAge,
    @Nullable Duration sinceSweep) {}
