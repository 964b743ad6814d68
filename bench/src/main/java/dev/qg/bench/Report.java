package dev.qg.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tells the results: a table for people, a file for programs, a chart for documents. */
final class Report {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Report() {}

  static void print(List<Result> results, PrintStream out) {
    for (Result result : results) {
      String unit = result.scenario().unit();
      out.printf("%n%s%s%n", result.scenario().name(), unit.isEmpty() ? "" : ", " + unit);
      result
          .figures()
          .forEach((name, figure) -> out.printf("  %-48s %12s%n", name, Runner.number(figure)));
      result
          .ratios()
          .forEach(
              (ratio, value) ->
                  out.printf(
                      Locale.ROOT, "  %-48s %12.2f   %s%n", ratio.name(), value, ratio.goal()));
    }
  }

  /** Writes a result; those of other scenarios stay as they are. */
  static void write(Result result, Path directory) throws IOException {
    Files.createDirectories(directory);
    Path file = directory.resolve("latest.json");
    ArrayNode all =
        Files.exists(file) ? (ArrayNode) JSON.readTree(file.toFile()) : JSON.createArrayNode();
    int known = indexOf(all, result.scenario().name());
    if (known < 0) {
      all.add(node(result));
    } else {
      all.set(known, node(result));
    }
    Files.writeString(file, JSON.writeValueAsString(all) + "\n");
    if (!result.scenario().unit().isEmpty()) {
      Files.writeString(directory.resolve(result.scenario().name() + ".svg"), Chart.of(result));
    }
  }

  /** Reads the figures of a scenario again, as they were written. */
  static Map<String, Double> figures(Path directory, String scenario) throws IOException {
    ArrayNode all = (ArrayNode) JSON.readTree(directory.resolve("latest.json").toFile());
    Map<String, Double> figures = new LinkedHashMap<>();
    all.get(indexOf(all, scenario))
        .path("figures")
        .properties()
        .forEach(figure -> figures.put(figure.getKey(), figure.getValue().asDouble()));
    return figures;
  }

  private static int indexOf(ArrayNode all, String name) {
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).path("name").asText().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private static ObjectNode node(Result result) {
    ObjectNode node = JSON.createObjectNode();
    node.put("name", result.scenario().name());
    node.put("unit", result.scenario().unit());
    ObjectNode figures = node.putObject("figures");
    result.figures().forEach((name, figure) -> figures.put(name, rounded(figure)));
    ObjectNode ratios = node.putObject("ratios");
    result.ratios().forEach((ratio, value) -> ratios.put(ratio.name(), rounded(value)));
    return node;
  }

  /** Three decimals, or six of what is small: more is noise. */
  private static double rounded(double value) {
    double unit = value < 0.1 ? 1e6 : 1e3;
    return Math.round(value * unit) / unit;
  }
}
