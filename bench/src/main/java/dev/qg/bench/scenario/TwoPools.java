package dev.qg.bench.scenario;

import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.QgProcesses;
import java.util.List;

/** Whether a second pool in a JVM of its own does harm, or works a job again. */
final class TwoPools {

  static final String NAME = "two-pools";

  private TwoPools() {}

  static Scenario of(Setting setting) {
    return new Scenario(
        NAME,
        "jobs that do nothing, pools in JVMs of their own",
        "jobs/s",
        List.of(entry(setting, "qg, one pool", 1), entry(setting, "qg, two pools", 2)),
        List.of(Ratio.of("≥ 1", "qg, two pools", "qg, one pool")));
  }

  private static Entry entry(Setting setting, String name, int processes) {
    int jobs = setting.options().jobsOr(200_000);
    return Entry.of(
        "qg",
        name,
        () ->
            Drains.rate(
                setting,
                () -> new QgProcesses(setting.database(), processes, setting.options().workers()),
                Ledger.of(jobs)));
  }
}
