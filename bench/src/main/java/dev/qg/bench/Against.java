package dev.qg.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares this jar with the one of another commit: runs our entries of a scenario with the one and
 * the other, each time in a JVM of its own, and tells the ratios of the pairs. The one that begins
 * alternates. Both use the same bench, the same server and the same other jars, and make their
 * tables by their own migrations.
 */
final class Against {

  private static final String THIS = "this";

  private final Database database;
  private final Options options;
  private final String commit;
  private final Map<String, String> classPaths;

  private int failures;

  Against(Database database, Options options) {
    this.database = database;
    this.options = options;
    this.commit = options.against().orElseThrow();
    this.classPaths = classPaths(Path.of("target", "against", commit));
  }

  /** The other jar, and the adapter that was compiled with it, hide this one's. */
  private Map<String, String> classPaths(Path other) {
    List<String> all =
        Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));
    List<String> others = new ArrayList<>();
    for (Path path : List.of(other.resolve("classes"), other.resolve("qg.jar"))) {
      if (!Files.exists(path)) {
        throw new IllegalArgumentException("There is no " + path + ", which bench/run makes");
      }
      others.add(path.toString());
    }
    all.stream()
        .filter(path -> !Path.of(path).getFileName().toString().startsWith("qg-jooq-"))
        .forEach(others::add);
    return Map.of(
        THIS,
        String.join(File.pathSeparator, all),
        commit,
        String.join(File.pathSeparator, others));
  }

  /** Tells how many runs failed. */
  int run() throws IOException, InterruptedException {
    for (String scenario : options.scenarios()) {
      System.out.printf("%n%s: %s / %s%n", scenario, THIS, commit);
      Map<String, List<Double>> ratios = new LinkedHashMap<>();
      for (int round = 1; round <= options.rounds(); round++) {
        pair(scenario, round)
            .forEach(
                (name, ratio) -> ratios.computeIfAbsent(name, any -> new ArrayList<>()).add(ratio));
      }
      ratios.forEach((name, pairs) -> System.out.printf("  %-44s %s%n", name, spread(pairs)));
    }
    return failures;
  }

  private Map<String, Double> pair(String scenario, int round)
      throws IOException, InterruptedException {
    Map<String, Map<String, Double>> figures = new LinkedHashMap<>();
    for (String one : round % 2 == 1 ? List.of(commit, THIS) : List.of(THIS, commit)) {
      figures.put(one, figures(scenario, one));
    }
    Map<String, Double> ratios = new LinkedHashMap<>();
    figures
        .get(THIS)
        .forEach(
            (name, figure) -> {
              Double other = figures.get(commit).get(name);
              if (other != null) {
                ratios.put(name, figure / other);
                System.out.printf(
                    "  %d/%d  %-34s %12s / %-12s = %s%n",
                    round,
                    options.rounds(),
                    name,
                    Runner.number(figure),
                    Runner.number(other),
                    text(figure / other));
              }
            });
    return ratios;
  }

  /** Runs one of the two; if it fails, it has no figures, nor has the pair. */
  private Map<String, Double> figures(String scenario, String one)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("qg-bench");
    Path out = directory.resolve("out");
    try {
      Process process =
          new ProcessBuilder(command(scenario, one, directory))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .redirectOutput(out.toFile())
              .start();
      int status;
      try {
        status = process.waitFor();
      } finally {
        process.destroyForcibly();
      }
      if (status != 0) {
        failures++;
        System.out.printf("  FAILED: %s%n%s", one, Files.readString(out));
        return Map.of();
      }
      return Report.figures(directory, scenario);
    } finally {
      for (File file : directory.toFile().listFiles()) {
        Files.delete(file.toPath());
      }
      Files.delete(directory);
    }
  }

  private List<String> command(String scenario, String one, Path results) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-Dbench.url=" + database.url());
    command.addAll(List.of("-cp", classPaths.get(one), Main.class.getName(), scenario));
    command.addAll(List.of("--contestants", "qg", "--rounds", "1"));
    command.addAll(List.of("--warm-ups", String.valueOf(options.warmUps())));
    command.addAll(List.of("--workers", String.valueOf(options.workers())));
    command.addAll(List.of("--seconds", String.valueOf(options.limit().toSeconds())));
    command.addAll(List.of("--results", results.toString()));
    options.jobs().ifPresent(jobs -> command.addAll(List.of("--jobs", String.valueOf(jobs))));
    return command;
  }

  private static String spread(List<Double> ratios) {
    List<Double> sorted = ratios.stream().sorted().toList();
    int quarter = sorted.size() / 4;
    return String.format(
        Locale.ROOT,
        "median %s, middle half %s to %s, all %s to %s, of %d pairs",
        text(Result.median(sorted)),
        text(sorted.get(quarter)),
        text(sorted.get(sorted.size() - 1 - quarter)),
        text(sorted.get(0)),
        text(sorted.get(sorted.size() - 1)),
        sorted.size());
  }

  private static String text(double ratio) {
    return String.format(Locale.ROOT, "%.3f", ratio);
  }
}
