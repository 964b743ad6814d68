package dev.qg.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Lets faults strike at random for some minutes, one or two at a time, and tells what has become of
 * all orders. The same seed has the same faults in the same order; when they strike within the work
 * of others is up to the machine.
 */
public final class Chaos {

  private static final double LONGEST_PAUSE_SECONDS = 5;
  private static final double SAMPLE_SECONDS = 2;

  private final long seed;
  private final Duration duration;
  private final Duration calm;
  private final Recoveries recoveries = new Recoveries();

  private Chaos(long seed, Duration duration, Duration calm) {
    this.seed = seed;
    this.duration = duration;
    this.calm = calm;
  }

  /**
   * {@code -Dchaos.minutes} is how long faults strike, {@code -Dchaos.calm} how many minutes none
   * does after that, {@code -Dchaos.seed} says which ones, {@code -Dchaos.rate} how many orders a
   * second there are, {@code -Dchaos.only} has only those strike whose name contains that.
   */
  public static void main(String[] args) throws IOException {
    long seed = Long.getLong("chaos.seed", System.nanoTime() & 0xffffff);
    double rate = Double.parseDouble(System.getProperty("chaos.rate", "200"));
    String only = System.getProperty("chaos.only", "");
    Path directory = Path.of(System.getProperty("chaos.logs", "target/chaos"));
    Files.createDirectories(directory);
    boolean clean =
        new Chaos(seed, minutes("chaos.minutes", "20"), minutes("chaos.calm", "1"))
            .run(
                directory,
                rate,
                Fault.all().stream().filter(fault -> fault.name().contains(only)).toList());
    System.exit(clean ? 0 : 1);
  }

  private static Duration minutes(String property, String standard) {
    double minutes = Double.parseDouble(System.getProperty(property, standard));
    return Duration.ofMillis((long) (minutes * TimeUnit.MINUTES.toMillis(1)));
  }

  private boolean run(Path directory, double rate, List<Fault> faults) throws IOException {
    say(
        "seed %d, %.1f minutes, %.0f orders a second; logs are in %s"
            .formatted(seed, duration.toSeconds() / 60.0, rate, directory));
    try (Machine machine = new Machine(directory, rate)) {
      try {
        strike(machine, faults);
        List<String> growth = Usage.growth(rest(machine));
        Verdict verdict = machine.verdict();
        recoveries.lines().forEach(System.out::println);
        growth.forEach(System.out::println);
        verdict.lines().forEach(System.out::println);
        return verdict.isClean() && growth.stream().noneMatch(line -> line.startsWith("grows"));
      } catch (ConditionTimeoutException e) {
        say("stuck: " + e.getMessage());
        Files.write(directory.resolve("threads.txt"), machine.dump());
        recoveries.lines().forEach(System.out::println);
        System.out.println("The verdict: STUCK; where the threads are is in threads.txt");
        return false;
      }
    }
  }

  private void strike(Machine machine, List<Fault> faults) {
    long end = System.nanoTime() + duration.toNanos();
    machine.awaitRecovery();
    for (int step = 0; System.nanoTime() < end; step++) {
      // Of its own for each step: nothing that takes its time has others strike.
      Random random = new Random(seed * 1_000_003 + step);
      pause(LONGEST_PAUSE_SECONDS * random.nextDouble());
      List<Fault> together = choose(faults, random);
      List<Runnable> healing = new ArrayList<>();
      for (Fault fault : together) {
        healing.add(0, fault.strike().at(machine, random));
      }
      double lasts = together.stream().mapToDouble(fault -> fault.duration(random)).max().orElse(0);
      pause(lasts);
      healing.forEach(Runnable::run);
      Duration recovery = machine.awaitRecovery();
      String name = String.join(", and ", together.stream().map(Fault::name).toList());
      recoveries.add(name, recovery);
      say(
          "%-60s %5.1f s, all done after %5.1f s"
              .formatted(name, lasts, recovery.toMillis() / 1_000.0));
      machine.fallen().forEach(Chaos::say);
    }
  }

  /** Lets it work undisturbed, and looks what it uses meanwhile. */
  private List<Usage> rest(Machine machine) {
    List<Usage> usages = new ArrayList<>();
    long end = System.nanoTime() + calm.toNanos();
    while (System.nanoTime() < end) {
      pause(SAMPLE_SECONDS);
      usages.add(machine.usage());
    }
    return usages;
  }

  /** One, or now and then one more that needs no server to strike or to heal. */
  private static List<Fault> choose(List<Fault> faults, Random random) {
    Fault first = faults.get(random.nextInt(faults.size()));
    List<Fault> others =
        Fault.withoutServer().stream().filter(fault -> faults.contains(fault)).toList();
    boolean two = random.nextInt(4) == 0;
    if (!two || others.isEmpty() || others.contains(first)) {
      return List.of(first);
    }
    return List.of(first, others.get(random.nextInt(others.size())));
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
