package dev.qg.bench;

import java.util.function.Supplier;

/** How a contestant is drained: warmed up, filled, left to settle, drained, checked. */
public final class Drains {

  private static final int WARM_UP = 2_000;

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

  /** Drains a few jobs, so that both sides have compiled and connected what they need. */
  public static void warmUp(Contestant contestant, int jobs) throws Exception {
    int few = Math.min(WARM_UP, Math.max(1, jobs / 10));
    contestant.prepare();
    contestant.enqueue(few);
    drain(contestant, Ledger.of(few));
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
