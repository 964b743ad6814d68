package dev.qg.chaos;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What a machine uses at one moment.
 *
 * @param heap in bytes, the most that any worker has in use after a collection
 * @param threads of all workers
 * @param sessions of the database
 * @param locks advisory ones
 * @param table bytes of the table of the jobs, with its indexes
 */
record Usage(long heap, long threads, long sessions, long locks, long table) {

  /**
   * In bytes or pieces. What comes and goes is no growth, such as where a handler has just filled
   * the heap; so it is the least that tells.
   *
   * @param isAsAtFirst whether faults leave it as it was before the first of them
   */
  private record Measure(
      String name, ToLongFunction<Usage> of, double unit, long slack, boolean isAsAtFirst) {}

  private static final double MIB = 1 << 20;

  /** In a shorter calm, pools of connections are still filled again after the last fault. */
  private static final double SECONDS_TO_TELL_GROWTH = 60;

  private static final List<Measure> MEASURES =
      List.of(
          new Measure("heap of a worker after a collection (MiB)", Usage::heap, MIB, 4 << 20, true),
          new Measure("threads of all workers", Usage::threads, 1, 4, true),
          // How many a pool opens depends on what there is to do at a time.
          new Measure("sessions", Usage::sessions, 1, 5, false),
          new Measure("advisory locks", Usage::locks, 1, 100, false),
          // What was once needed for dead rows is used again, and not given back.
          new Measure("table and indexes (MiB)", Usage::table, MIB, 8 << 20, false));

  /**
   * A line for each measure.
   *
   * @param before the first fault
   * @param seconds how long it was
   */
  static List<String> lines(Usage before, List<Usage> calm, double seconds) {
    return MEASURES.stream()
        .map(
            measure ->
                "%-8s %s: %.1f at first, at least %.1f in the first half of the calm, %.1f in the second"
                    .formatted(
                        isTooShort(seconds)
                            ? "unknown"
                            : grows(before, calm, measure) ? "grows" : "steady",
                        measure.name,
                        measure.of.applyAsLong(before) / measure.unit,
                        least(firstHalf(calm), measure) / measure.unit,
                        least(secondHalf(calm), measure) / measure.unit))
        .toList();
  }

  /**
   * What grows in a calm time, or has grown until then.
   *
   * @param before the first fault
   * @param seconds how long it was
   */
  static List<String> growing(Usage before, List<Usage> calm, double seconds) {
    return MEASURES.stream()
        .filter(measure -> !isTooShort(seconds) && grows(before, calm, measure))
        .map(measure -> measure.name + " grows")
        .toList();
  }

  private static boolean isTooShort(double seconds) {
    return seconds < SECONDS_TO_TELL_GROWTH;
  }

  private static boolean grows(Usage before, List<Usage> calm, Measure measure) {
    long atLast = least(secondHalf(calm), measure) - measure.slack;
    return atLast > least(firstHalf(calm), measure)
        || (measure.isAsAtFirst && atLast > measure.of.applyAsLong(before));
  }

  private static List<Usage> firstHalf(List<Usage> calm) {
    return calm.subList(0, (calm.size() + 1) / 2);
  }

  private static List<Usage> secondHalf(List<Usage> calm) {
    return calm.subList(calm.size() / 2, calm.size());
  }

  private static long least(List<Usage> usages, Measure measure) {
    return usages.stream().mapToLong(measure.of).min().orElse(0);
  }
}
