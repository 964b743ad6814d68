package dev.qg.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The command line. */
public record Options(
    List<String> scenarios,
    Set<String> contestants,
    OptionalInt jobs,
    int rounds,
    int warmUps,
    int workers,
    Duration limit,
    Path results,
    Optional<String> against) {

  static final String USAGE =
      """
      bench/run [-Dbench.url=jdbc:postgresql://…] [scenario …] [option …]

        --jobs 20000          jobs of a run; each scenario has a number of its own
        --rounds 3            how often everything is run; medians are told
        --warm-ups 0          rounds before, which don't count
        --contestants qg,…    only these
        --workers 2           threads of our pool; as many as there are processors
        --seconds 60          after which a run is stopped where others needn't finish
        --results results     where latest.json and the charts go
        --against commit      the jar of this commit and this one in turn, each time in a JVM of its own:
                              7 rounds, 1 warm-up in each JVM; tells the ratios, writes nothing

      """;

  public Options {
    if (rounds < 1 || warmUps < 0 || workers < 1 || jobs.orElse(1) < 1) {
      throw new IllegalArgumentException("--jobs, --rounds and --workers must be 1 or more");
    }
    if (against.isPresent() && scenarios.isEmpty()) {
      throw new IllegalArgumentException("--against needs the names of scenarios");
    }
  }

  static Options parse(String... arguments) {
    List<String> scenarios = new ArrayList<>();
    Set<String> contestants = Set.of();
    OptionalInt jobs = OptionalInt.empty();
    OptionalInt rounds = OptionalInt.empty();
    OptionalInt warmUps = OptionalInt.empty();
    int workers = Runtime.getRuntime().availableProcessors();
    Duration limit = Duration.ofSeconds(60);
    Path results = Path.of("results");
    Optional<String> against = Optional.empty();
    for (Iterator<String> rest = List.of(arguments).iterator(); rest.hasNext(); ) {
      String argument = rest.next();
      switch (argument) {
        case "--jobs" -> jobs = OptionalInt.of(number(argument, rest));
        case "--rounds" -> rounds = OptionalInt.of(number(argument, rest));
        case "--warm-ups" -> warmUps = OptionalInt.of(number(argument, rest));
        case "--contestants" -> contestants = Set.of(value(argument, rest).split(","));
        case "--workers" -> workers = number(argument, rest);
        case "--seconds" -> limit = Duration.ofSeconds(number(argument, rest));
        case "--results" -> results = Path.of(value(argument, rest));
        case "--against" -> against = Optional.of(value(argument, rest));
        default -> {
          if (argument.startsWith("-")) {
            throw new IllegalArgumentException("There is no option " + argument);
          }
          scenarios.add(argument);
        }
      }
    }
    return new Options(
        List.copyOf(scenarios),
        contestants,
        jobs,
        rounds.orElse(against.isPresent() ? 7 : 3),
        warmUps.orElse(against.isPresent() ? 1 : 0),
        workers,
        limit,
        results,
        against);
  }

  private static int number(String option, Iterator<String> rest) {
    return Integer.parseInt(value(option, rest).replace("_", "").replace(",", ""));
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  /** The jobs of a run: as given, or the scenario's own number. */
  public int jobsOr(int own) {
    return jobs.orElse(own);
  }

  boolean wants(Scenario scenario) {
    return scenarios.isEmpty() || scenarios.contains(scenario.name());
  }

  boolean wants(Scenario.Entry entry) {
    return contestants.isEmpty() || contestants.contains(entry.contestant());
  }
}
