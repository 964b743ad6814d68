package dev.qg.bench;

import dev.qg.bench.Scenario.Ratio;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What came of a scenario.
 *
 * @param figures the medians
 * @param ratios those whose figures there are
 */
record Result(Scenario scenario, Map<String, Double> figures, Map<Ratio, Double> ratios) {

  static Result of(Scenario scenario, Map<String, List<Double>> runs) {
    Map<String, Double> medians = new LinkedHashMap<>();
    runs.forEach((name, figures) -> medians.put(name, median(figures)));
    Map<Ratio, Double> ratios = new LinkedHashMap<>();
    for (Ratio ratio : scenario.ratios()) {
      if (medians.containsKey(ratio.of()) && medians.keySet().containsAll(ratio.to())) {
        double best = ratio.to().stream().mapToDouble(medians::get).max().orElseThrow();
        ratios.put(ratio, medians.get(ratio.of()) / best);
      }
    }
    return new Result(scenario, medians, ratios);
  }

  static double median(List<Double> figures) {
    List<Double> sorted = figures.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
