package dev.qg.bench;

import java.time.Duration;
import java.util.function.Supplier;

/** How a contestant is drained: warmed up, filled, left to settle, drained, checked. */
public final class Drains {

  /** As many jobs as it takes until the JVM has compiled what is worth it. */
  private static final int WARM_UP = 100_000;

  private static final Duration WARM_UP_AT_MOST = Duration.ofSeconds(5);

  private Drains() {}

  /** Drains a contestant, and tells jobs a second. */
  public static double rate(Setting setting, Supplier<Contestant> contestant, Ledger ledger)
      throws Exception {
    try (Contestant one = contestant.get()) {
      warmUp(one, ledger.jobs());
      fill(setting, one, ledger.jobs());
      return drain(one, ledger).rate();
    }
  }

  /** Drains up to half as many jobs, for some seconds, so that all is compiled that is worth it. */
  public static void warmUp(Contestant contestant, int jobs) throws Exception {
    int some = warmUp(jobs);
    contestant.prepare();
    contestant.enqueue(some);
    drain(contestant, Ledger.of(some).within(WARM_UP_AT_MOST));
  }

  /** How many jobs to warm up with. */
  static int warmUp(int jobs) {
    return Math.min(WARM_UP, Math.max(1, jobs / 2));
  }

  /** Empties and fills the queue. */
  public static void fill(Setting setting, Contestant contestant, int jobs) throws Exception {
    contestant.prepare();
    contestant.enqueue(jobs);
    setting.database().settle();
  }

  /** Drains the queue and checks what was done. */
  public static Ledger drain(Contestant contestant, Ledger ledger) throws Exception {
    contestant.drain(ledger);
    ledger.check(contestant.left());
    return ledger;
  }
}
