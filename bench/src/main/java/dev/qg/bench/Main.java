package dev.qg.bench;

import dev.qg.bench.scenario.Scenarios;
import java.util.ArrayList;
import java.util.List;

/** Runs the scenarios that the command line names, or all, and reports. */
public final class Main {

  private Main() {}

  public static void main(String... arguments) {
    if (List.of(arguments).contains("--help")) {
      System.out.print(Options.USAGE + "Scenarios: " + String.join(", ", Scenarios.names()) + "\n");
      return;
    }
    int status = 1;
    try {
      status = run(Options.parse(arguments)) == 0 ? 0 : 1;
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
    } catch (Exception e) {
      e.printStackTrace();
    }
    // Whatever threads a contestant has left.
    System.exit(status);
  }

  /** Tells how many runs failed. */
  private static int run(Options options) throws Exception {
    for (String name : options.scenarios()) {
      if (!Scenarios.names().contains(name)) {
        throw new IllegalArgumentException(
            "There is no scenario " + name + " among " + Scenarios.names());
      }
    }
    try (Database database = Database.open()) {
      System.out.println(database.describe());
      if (options.against().isPresent()) {
        return new Against(database, options).run();
      }
      Runner runner = new Runner(options);
      List<Result> results = new ArrayList<>();
      for (Scenario scenario : Scenarios.all(new Setting(database, options))) {
        if (options.wants(scenario)) {
          Result result = runner.run(scenario);
          Report.write(result, options.results());
          results.add(result);
        }
      }
      Report.print(results, System.out);
      System.out.println("\nWritten to " + options.results().toAbsolutePath().normalize());
      return runner.failures();
    }
  }
}
