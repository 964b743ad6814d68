package dev.qg.chaos;

import java.util.ArrayList;
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

  /** What may come and go, in bytes or pieces. */
  private record Measure(String name, ToLongFunction<Usage> of, double unit, long slack) {}

  private static final double MIB = 1 << 20;

  private static final List<Measure> MEASURES =
      List.of(
          new Measure("heap of a worker after a collection (MiB)", Usage::heap, MIB, 4 << 20),
          new Measure("threads of all workers", Usage::threads, 1, 2),
          new Measure("sessions", Usage::sessions, 1, 5),
          new Measure("advisory locks", Usage::locks, 1, 1_000),
          new Measure("table and indexes (MiB)", Usage::table, MIB, 8 << 20));

  /**
   * Compares the second half of a calm time with the first.
   *
   * @return a line for each measure, which begins with "grows" where it does
   */
  static List<String> growth(List<Usage> calm) {
    List<Usage> before = calm.subList(0, calm.size() / 2);
    List<Usage> after = calm.subList(calm.size() / 2, calm.size());
    List<String> lines = new ArrayList<>();
    for (Measure measure : MEASURES) {
      long first = most(before, measure);
      long second = most(after, measure);
      lines.add(
          "%-8s %s: at most %.1f in the first half of the calm, %.1f in the second"
              .formatted(
                  second > first + measure.slack ? "grows" : "steady",
                  measure.name,
                  first / measure.unit,
                  second / measure.unit));
    }
    return lines;
  }

  private static long most(List<Usage> usages, Measure measure) {
    return usages.stream().mapToLong(measure.of).max().orElse(0);
  }
}
