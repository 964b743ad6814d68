package dev.qg.bench.scenario;

import dev.qg.bench.Client;
import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Meter;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.DbScheduler;
import dev.qg.bench.contestant.GraphileWorker;
import dev.qg.bench.contestant.JobRunrServer;
import dev.qg.bench.contestant.Limit;
import dev.qg.bench.contestant.QgPool;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What the server does for a job in its life, on any machine: bytes of the write-ahead log,
 * processor time, transactions, and round trips of the clients. The tables are empty and a
 * checkpoint has just been, so that no page is logged as a whole; autovacuum is off meanwhile.
 */
final class Cost {

  static final String NAME = "cost";

  private static final int BATCH = 1_000;

  /** The slow ones get fewer jobs, and so does what commits each job. */
  private static final int FEWER = 10;

  private static final String ALONE = "enqueue 1";
  private static final String BATCHES = "enqueue 1,000";
  private static final String WORK = "work";
  private static final String LIFE = "enqueue 1 and work";

  private final Setting setting;
  private final String name;
  private final int jobs;
  private final Function<Database, Contestant> maker;

  private Cost(Setting setting, String name, int jobs, Function<Database, Contestant> maker) {
    this.setting = setting;
    this.name = name;
    this.jobs = jobs;
    this.maker = maker;
  }

  static Scenario of(Setting setting) {
    int most = setting.options().jobsOr(100_000);
    int fewer = Math.max(1, most / FEWER);
    List<Entry> entries = new ArrayList<>();
    entries.add(entry(setting, "qg", most, at -> new QgPool(at, setting.options().workers())));
    entries.add(entry(setting, "limit", most, at -> new Limit(at, 1)));
    entries.add(entry(setting, "db-scheduler", fewer * 2, DbScheduler::new));
    entries.add(entry(setting, "graphile-worker", most, GraphileWorker::new));
    entries.add(entry(setting, "jobrunr", fewer, JobRunrServer::new));
    List<Ratio> ratios = new ArrayList<>();
    for (String other : List.of("limit", "db-scheduler", "graphile-worker", "jobrunr")) {
      for (String part : List.of(WORK, LIFE)) {
        for (String unit : Meter.UNITS) {
          String ratio = unit + ", " + part + ": qg / " + other;
          List<String> to = List.of(figure(other, part, unit));
          ratios.add(new Ratio(ratio, figure("qg", part, unit), to, ""));
        }
      }
    }
    return new Scenario(NAME, "what the server does for a job", "", entries, ratios);
  }

  private static String figure(String contestant, String part, String unit) {
    return contestant + ", " + part + ", " + unit;
  }

  private static Entry entry(
      Setting setting, String name, int jobs, Function<Database, Contestant> maker) {
    return new Entry(
        name,
        name,
        () ->
            !name.equals("graphile-worker") || GraphileWorker.isAvailable()
                ? new Cost(setting, name, jobs, maker).measure()
                : Map.of());
  }

  private Map<String, Double> measure() throws Exception {
    Database database = setting.database();
    try (Meter meter = new Meter(database);
        Contestant contestant = maker.apply(meter.database())) {
      Drains.warmUp(contestant, jobs);
      database.autovacuum(false);
      Map<String, Double> batches = enqueue(contestant, meter, jobs, BATCH);
      database.analyze();
      Map<String, Double> work = work(contestant, meter);
      Map<String, Double> alone = enqueue(contestant, meter, Math.max(1, jobs / FEWER), 1);
      Map<String, Double> life = new LinkedHashMap<>();
      alone.forEach((unit, used) -> life.put(unit, used + work.get(unit)));
      Map<String, Double> figures = new LinkedHashMap<>();
      put(figures, ALONE, alone);
      put(figures, BATCHES, batches);
      put(figures, WORK, work);
      put(figures, LIFE, life);
      return figures;
    } finally {
      database.autovacuum(true);
    }
  }

  private void put(Map<String, Double> figures, String part, Map<String, Double> used) {
    used.forEach((unit, figure) -> figures.put(figure(name, part, unit), figure));
  }

  private Map<String, Double> enqueue(Contestant contestant, Meter meter, int count, int size)
      throws Exception {
    contestant.prepare();
    setting.database().settle();
    Map<String, Double> used;
    try (Client client = contestant.client()) {
      meter.begin();
      for (int from = 0; from < count; from += size) {
        if (size == 1) {
          client.enqueue(from);
        } else {
          client.enqueueAll(from, Math.min(size, count - from));
        }
      }
      used = meter.end(count);
    }
    if (contestant.left() != count) {
      throw new IllegalStateException(
          "Of %,d jobs, %,d were enqueued".formatted(count, contestant.left()));
    }
    return used;
  }

  private Map<String, Double> work(Contestant contestant, Meter meter) throws Exception {
    Ledger ledger =
        Ledger.of(jobs)
            .measuring(
                () -> {
                  meter.begin();
                  return null;
                });
    contestant.drain(ledger);
    Map<String, Double> used = meter.end(jobs);
    ledger.check(contestant.left());
    if (!ledger.isComplete()) {
      throw new IllegalStateException("Not all jobs were worked");
    }
    return used;
  }
}
