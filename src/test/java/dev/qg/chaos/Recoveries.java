package dev.qg.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How often each fault struck, and how long after its end all was done that it had kept waiting.
 */
final class Recoveries {

  private final Map<String, List<Duration>> byFault = new TreeMap<>();

  /** Of these faults, each of which may never strike. */
  Recoveries(List<String> faults) {
    faults.forEach(fault -> byFault.put(fault, new ArrayList<>()));
  }

  void add(String fault, Duration recovery) {
    byFault.get(fault).add(recovery);
  }

  /** A table. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("| fault | times | all done after, median (s) | at most (s) |");
    lines.add("|---|---|---|---|");
    byFault.forEach(
        (fault, times) -> {
          List<Duration> sorted = times.stream().sorted().toList();
          lines.add(
              sorted.isEmpty()
                  ? "| %s | 0 | | |".formatted(fault)
                  : "| %s | %d | %.1f | %.1f |"
                      .formatted(
                          fault,
                          sorted.size(),
                          seconds(sorted.get((sorted.size() - 1) / 2)),
                          seconds(sorted.get(sorted.size() - 1))));
        });
    return lines;
  }

  private static double seconds(Duration time) {
    return time.toMillis() / 1_000.0;
  }
}
