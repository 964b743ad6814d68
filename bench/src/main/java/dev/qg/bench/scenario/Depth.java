package dev.qg.bench.scenario;

import dev.qg.bench.Contestant;
import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.QgPool;
import java.util.List;
import java.util.Locale;

/** Whether a queue is slower when much waits in it, or when much is not due yet. */
final class Depth {

  static final String NAME = "depth";

  private Depth() {}

  static Scenario of(Setting setting) {
    int some = setting.options().jobsOr(100_000);
    int small = Math.max(1, some / 10);
    int large = some * 10;
    int huge = some * 100;
    String first = "qg, of " + text(small);
    String middle = "qg, of " + text(large);
    String last = "qg, of " + text(huge);
    String future = "qg, behind " + text(large) + " future";
    String urgent = future + ", urgent";
    return new Scenario(
        NAME,
        "the first " + text(some) + " jobs of a small, a large and a huge queue",
        "jobs/s",
        List.of(
            Entry.of("qg", first, () -> rate(setting, small, some)),
            Entry.of("qg", middle, () -> rate(setting, large, some)),
            Entry.of("qg", last, () -> rate(setting, huge, some)),
            Entry.of("qg", future, () -> rateBehind(setting, some, large, 100)),
            Entry.of("qg", urgent, () -> rateBehind(setting, some, large, 10))),
        List.of(
            Ratio.of("≥ 0.9", middle, first),
            Ratio.of("≥ 0.9", last, first),
            Ratio.of("≥ 0.9", future, first),
            Ratio.of("≥ 0.9", urgent, first)));
  }

  private static double rate(Setting setting, int waiting, int some) throws Exception {
    return Drains.rate(setting, () -> pool(setting), Ledger.of(waiting).wanting(some));
  }

  /** Future jobs come first in the table; with a priority below 100, in the index as well. */
  private static double rateBehind(Setting setting, int some, int future, int priority)
      throws Exception {
    try (Contestant pool = pool(setting)) {
      Drains.warmUp(pool, some);
      pool.prepare();
      setting
          .database()
          .execute(
              "insert into que_jobs (job_class, priority, run_at) select 'Bench', "
                  + "%d, now() + interval '1 day' from generate_series(1, %d)"
                      .formatted(priority, future));
      pool.enqueue(some);
      setting.database().settle();
      return Drains.drain(pool, Ledger.of(some)).rate();
    }
  }

  private static QgPool pool(Setting setting) {
    return new QgPool(setting.database(), setting.options().workers());
  }

  private static String text(int jobs) {
    return String.format(Locale.ROOT, "%,d", jobs);
  }
}
