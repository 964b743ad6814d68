package dev.qg.bench;

import dev.qg.bench.Scenario.Entry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs the entries of a scenario in turn, round after round, so that all share good and bad times.
 */
final class Runner {

  private static final int IN_A_LINE = 5;

  private final Options options;

  private int failures;

  Runner(Options options) {
    this.options = options;
  }

  /** How many runs gave no figure, since they failed or did not pass their check. */
  int failures() {
    return failures;
  }

  Result run(Scenario scenario) {
    System.out.printf("%n%s: %s%n", scenario.name(), scenario.about());
    Map<String, List<Double>> figures = new LinkedHashMap<>();
    for (int round = 1 - options.warmUps(); round <= options.rounds(); round++) {
      for (Entry entry : scenario.entries()) {
        if (options.wants(entry)) {
          Progress.begin("  %d/%d  %-34s".formatted(round, options.rounds(), entry.name()));
          Map<String, Double> measured = measure(entry, scenario.unit());
          if (round > 0) {
            measured.forEach(
                (name, figure) ->
                    figures.computeIfAbsent(name, any -> new ArrayList<>()).add(figure));
          }
        }
      }
    }
    return Result.of(scenario, figures);
  }

  /** One that fails must not cost the figures of hours. */
  private Map<String, Double> measure(Entry entry, String unit) {
    try {
      Map<String, Double> measured = entry.measurement().measure();
      Progress.end(text(measured, unit));
      return measured;
    } catch (Exception e) {
      failures++;
      Progress.end("FAILED: " + e.getMessage());
      e.printStackTrace();
      return Map.of();
    }
  }

  private static String text(Map<String, Double> measured, String unit) {
    if (measured.isEmpty()) {
      return "left out";
    }
    return String.join(
        measured.size() <= IN_A_LINE ? "; " : "\n       ",
        measured.entrySet().stream()
            .map(
                figure ->
                    ((measured.size() == 1 ? "" : figure.getKey() + " ")
                            + number(figure.getValue())
                            + " "
                            + unit)
                        .trim())
            .toList());
  }

  static String number(double figure) {
    String format = figure >= 100 ? "%,.0f" : figure >= 0.1 || figure == 0 ? "%,.2f" : "%,.5f";
    return String.format(Locale.ROOT, format, figure);
  }
}
