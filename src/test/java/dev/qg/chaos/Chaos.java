package dev.qg.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/**
 * Lets faults strike at random for some minutes, one or two at a time, and tells what has become of
 * all orders. The same seed has the same faults in the same order, for as long; which orders are
 * rolled back and which handlers fail are its too. When that meets the work of others is up to the
 * machine.
 */
public final class Chaos {

  /** Longer than the aftermath: a job that runs again in between has no excuse. */
  private static final double LONGEST_PAUSE_SECONDS = 10;

  private static final double SAMPLE_SECONDS = 2;

  /** Where nothing strikes, nothing waits for longer, also where hundreds come at once. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(15);

  /** So late what a strike has done to a job may come to light, such as by a late answer. */
  private static final Duration AFTERMATH = Duration.ofSeconds(5);

  private final long seed;
  private final Duration duration;
  private final Duration calm;
  private final double rate;
  private final Path directory;
  private final List<Fault> faults;
  private final Recoveries recoveries;
  private final List<Strike> strikes = new ArrayList<>();

  private record Strike(Instant began, Instant ended) {}

  private Chaos(
      long seed,
      Duration duration,
      Duration calm,
      double rate,
      Path directory,
      List<Fault> faults) {
    this.seed = seed;
    this.duration = duration;
    this.calm = calm;
    this.rate = rate;
    this.directory = directory;
    this.faults = faults;
    this.recoveries = new Recoveries(faults.stream().map(Fault::name).toList());
  }

  /**
   * {@code -Dchaos.minutes} is how long faults strike, {@code -Dchaos.calm} how many minutes none
   * does after that, {@code -Dchaos.seed} says which ones, {@code -Dchaos.rate} how many orders a
   * second there are, {@code -Dchaos.only} has only those strike in whose name that regular
   * expression is found, {@code -Dchaos.logs} is where the logs go, each run's in a directory of
   * its own.
   */
  public static void main(String[] args) throws IOException {
    String wanted = System.getProperty("chaos.seed", "");
    long seed = wanted.isEmpty() ? System.nanoTime() & 0xffffff : Long.parseLong(wanted);
    String only = System.getProperty("chaos.only", "");
    Predicate<String> isChosen = Pattern.compile(only).asPredicate();
    List<Fault> faults = Fault.all().stream().filter(fault -> isChosen.test(fault.name())).toList();
    if (faults.isEmpty()) {
      throw new IllegalArgumentException("No fault has a name with \"" + only + "\"");
    }
    Path logs = Path.of(System.getProperty("chaos.logs", "target/chaos"));
    Files.createDirectories(logs);
    Chaos chaos =
        new Chaos(
            seed,
            minutes("chaos.minutes", "20"),
            minutes("chaos.calm", "1"),
            Double.parseDouble(System.getProperty("chaos.rate", "200")),
            Files.createTempDirectory(logs, seed + "-"),
            faults);
    System.exit(chaos.run() ? 0 : 1);
  }

  private static Duration minutes(String property, String standard) {
    double minutes = Double.parseDouble(System.getProperty(property, standard));
    return Duration.ofMillis((long) (minutes * TimeUnit.MINUTES.toMillis(1)));
  }

  private boolean run() throws IOException {
    say(
        "seed %d, %s minutes and %s of calm, %.0f orders a second, %s; logs are in %s"
            .formatted(
                seed,
                inMinutes(duration),
                inMinutes(calm),
                rate,
                WorkerProcess.HAS_VIRTUAL_THREADS
                    ? "virtual threads in a pool"
                    : "no virtual threads",
                directory));
    // Awaits are not to fail by what fails elsewhere.
    Awaitility.doNotCatchUncaughtExceptionsByDefault();
    Machine machine = new Machine(directory, seed, rate);
    // Also where somebody ends this.
    Runtime.getRuntime().addShutdownHook(new Thread(machine::close));
    List<String> broken = new ArrayList<>();
    boolean clean = false;
    try {
      machine.awaitRecovery();
      machine.awaitAllWork();
      // Another look at the heaps, after all has been used once.
      pause((double) AFTERMATH.toSeconds());
      Usage first = machine.usage();
      strike(machine);
      broken.addAll(rest(machine, first));
      machine.drain();
      broken.addAll(Verdict.leftByWorkers(machine.servers()));
    } catch (RuntimeException | Error e) {
      broken.add("The run could not go on: " + e);
      machine.dump();
      pause(SAMPLE_SECONDS);
      Files.write(directory.resolve("printed.txt"), machine.lines());
    }
    recoveries.lines().forEach(System.out::println);
    try {
      machine.stop();
      clean = verdict(machine);
    } catch (RuntimeException | Error e) {
      broken.add("The verdict could not be found: " + e);
    }
    broken.addAll(machine.fallen());
    broken.forEach(line -> System.out.println("BROKEN   " + line));
    clean &= broken.isEmpty();
    System.out.println("The verdict: " + (clean ? "clean" : "BROKEN") + ", seed " + seed);
    return clean;
  }

  private boolean verdict(Machine machine) {
    machine
        .servers()
        .tell(ctx -> strikes.forEach(strike -> Orders.noteStrike(ctx, strike.began, strike.ended)));
    machine.answers().forEach(file -> Answers.load(machine.servers(), file));
    Verdict verdict = Verdict.awaited(machine.servers());
    System.out.println(machine.servers().ask(Tally::byQueue));
    verdict.lines().forEach(System.out::println);
    return verdict.isClean();
  }

  private static double inSeconds(Duration duration) {
    return duration.toMillis() / 1_000.0;
  }

  private static String inMinutes(Duration duration) {
    return "%.1f".formatted(duration.toMillis() / 60_000.0);
  }

  private void strike(Machine machine) {
    long end = System.nanoTime() + duration.toNanos();
    for (int step = 0; System.nanoTime() < end; step++) {
      // Of its own for each step: nothing that takes its time has others strike.
      Random random = Dice.of(seed, step);
      pause(LONGEST_PAUSE_SECONDS * random.nextDouble());
      machine.raiseFallen();
      List<Fault> together = choose(step, random);
      String name = String.join(", and ", together.stream().map(Fault::name).toList());
      double lasts = together.stream().mapToDouble(fault -> fault.duration(random)).max().orElse(0);
      Instant began = Instant.now();
      Instant healed;
      Duration recovery;
      try {
        strike(machine, together, random, lasts);
        healed = Instant.now();
        recovery = machine.awaitRecovery();
      } finally {
        if (together.stream().anyMatch(Fault::mayRepeat)) {
          strikes.add(new Strike(began, Instant.now().plus(AFTERMATH)));
        }
      }
      together.forEach(fault -> recoveries.add(fault.name(), recovery));
      Duration until = machine.awaitAllWork();
      say(
          "%-60s %5.1f s, all done after %5.1f s, each works again %5.1f s later"
              .formatted(
                  name,
                  inSeconds(Duration.between(began, healed)),
                  inSeconds(recovery),
                  inSeconds(until)));
    }
  }

  private static void strike(Machine machine, List<Fault> together, Random random, double seconds) {
    List<Runnable> healing = new ArrayList<>();
    try {
      for (Fault fault : together) {
        healing.add(0, fault.strike().at(machine, random));
      }
      pause(seconds);
    } finally {
      heal(healing);
    }
  }

  /** All of it, whatever fails. */
  private static void heal(List<Runnable> healing) {
    if (!healing.isEmpty()) {
      try {
        healing.get(0).run();
      } finally {
        heal(healing.subList(1, healing.size()));
      }
    }
  }

  /**
   * One of them in turn, each round in another order; and now and then one more that needs no
   * server to strike or to heal.
   */
  private List<Fault> choose(int step, Random random) {
    List<Fault> round = new ArrayList<>(faults);
    Collections.shuffle(round, Dice.of(seed, -1L - step / faults.size()));
    Fault first = round.get(step % faults.size());
    List<Fault> others = Fault.withoutServer().stream().filter(faults::contains).toList();
    boolean two = random.nextInt(4) == 0;
    if (!two || others.isEmpty() || others.contains(first)) {
      return List.of(first);
    }
    return List.of(first, others.get(random.nextInt(others.size())));
  }

  /**
   * Lets it work undisturbed, and looks what it uses meanwhile.
   *
   * @param first what it used before anything struck
   * @return what is not as it should be
   */
  private List<String> rest(Machine machine, Usage first) {
    pause((double) AFTERMATH.toSeconds());
    List<Usage> usages = new ArrayList<>();
    long before = machine.workedOrders();
    long start = System.nanoTime();
    do {
      usages.add(machine.usage());
      pause(SAMPLE_SECONDS);
    } while (System.nanoTime() - start < calm.toNanos());
    double seconds = (double) (System.nanoTime() - start) / TimeUnit.SECONDS.toNanos(1);
    double reached = (machine.workedOrders() - before) / seconds;
    Duration waited = machine.awaitRecovery();
    machine.raiseFallen();
    Usage.lines(first, usages, seconds).forEach(System.out::println);
    String orders =
        "%.0f orders a second worked in the calm, and those left then after %.1f s"
            .formatted(reached, inSeconds(waited));
    System.out.println(orders);
    List<String> broken = new ArrayList<>(Usage.growing(first, usages, seconds));
    if (waited.compareTo(LONGEST_WAIT) > 0) {
      broken.add(orders);
    }
    return broken;
  }

  private static void pause(double seconds) {
    long end = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  private static void say(String message) {
    System.out.println(Instant.now().truncatedTo(ChronoUnit.SECONDS) + " " + message);
  }
}
