package dev.qg.bench.scenario;

import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.Classic;
import dev.qg.bench.contestant.DbScheduler;
import dev.qg.bench.contestant.GraphileWorker;
import dev.qg.bench.contestant.JobRunrServer;
import dev.qg.bench.contestant.Limit;
import dev.qg.bench.contestant.QgPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** How fast jobs that do nothing are worked. */
final class Drain {

  static final String NAME = "drain";

  /** The slow ones get fewer jobs: a rate needs some seconds, not some minutes. */
  private static final int FEWER = 10;

  private Drain() {}

  static Scenario of(Setting setting) {
    Database database = setting.database();
    int jobs = setting.options().jobsOr(200_000);
    int fewer = Math.max(1, jobs / FEWER);
    List<Entry> entries = new ArrayList<>();
    entries.add(
        entry(setting, "qg", "qg", jobs, () -> new QgPool(database, setting.options().workers())));
    for (int threads : List.of(1, 2)) {
      entries.add(
          entry(setting, "limit", "limit, " + threads, jobs, () -> new Limit(database, threads)));
    }
    for (int workers : List.of(1, 4, 16, 64)) {
      entries.add(
          entry(
              setting,
              "qg-classic",
              "qg-classic, " + workers,
              fewer,
              () -> new Classic(database, workers)));
    }
    entries.add(
        entry(setting, "db-scheduler", "db-scheduler", fewer * 2, () -> new DbScheduler(database)));
    entries.add(entry(setting, "jobrunr", "jobrunr", fewer, () -> new JobRunrServer(database)));
    entries.add(graphile(setting, jobs));
    return new Scenario(
        NAME,
        "jobs that do nothing, one pool",
        "jobs/s",
        entries,
        List.of(
            Ratio.of("≥ 0.55", "qg", "limit, 1"),
            Ratio.of("≥ 0.55", "qg", "limit, 1", "limit, 2"),
            Ratio.of("≥ 12", "qg", "db-scheduler"),
            Ratio.of("≥ 25", "qg", "qg-classic, 4"),
            Ratio.of("≥ 2.2", "qg", "graphile-worker"),
            Ratio.of("", "qg", "jobrunr")));
  }

  private static Entry entry(
      Setting setting, String contestant, String name, int jobs, Supplier<Contestant> maker) {
    return Entry.of(contestant, name, () -> Drains.rate(setting, maker, Ledger.of(jobs)));
  }

  private static Entry graphile(Setting setting, int jobs) {
    String name = "graphile-worker";
    return new Entry(
        name,
        name,
        () ->
            GraphileWorker.isAvailable()
                ? Map.of(
                    name,
                    Drains.rate(
                        setting, () -> new GraphileWorker(setting.database()), Ledger.of(jobs)))
                : Map.of());
  }
}
