package dev.qg.bench.scenario;

import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.Classic;
import dev.qg.bench.contestant.QgWorkers;
import java.util.ArrayList;
import java.util.List;

/** How fast jobs are worked by whoever wants just one. */
final class OneByOne {

  static final String NAME = "one-by-one";

  private OneByOne() {}

  static Scenario of(Setting setting) {
    int jobs = setting.options().jobsOr(20_000);
    List<Entry> entries = new ArrayList<>();
    for (int threads : List.of(1, 4, 16, 64)) {
      entries.add(
          Entry.of(
              "qg",
              "qg, " + threads,
              () ->
                  Drains.rate(
                      setting, () -> new QgWorkers(setting.database(), threads), Ledger.of(jobs))));
      entries.add(
          Entry.of(
              "qg-classic",
              "qg-classic, " + threads,
              () ->
                  Drains.rate(
                      setting, () -> new Classic(setting.database(), threads), Ledger.of(jobs))));
    }
    return new Scenario(
        NAME,
        "Worker.workOne() in 1, 4, 16 and 64 threads",
        "jobs/s",
        entries,
        List.of(Ratio.of("≥ 1.5", "qg, 4", "qg-classic, 4"), Ratio.of("≥ 1", "qg, 64", "qg, 4")));
  }
}
