package dev.qg.bench.scenario;

import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.DbScheduler;
import dev.qg.bench.contestant.QgPool;
import java.util.List;

/** Whether threads whose handlers wait for something are kept busy, on few connections. */
final class SlowHandlers {

  static final String NAME = "slow-handlers";

  private static final int MILLIS = 10;
  private static final int THREADS = 50;
  private static final int CONNECTIONS = 8;

  private SlowHandlers() {}

  static Scenario of(Setting setting) {
    return new Scenario(
        NAME,
        "10 ms of sleep, 50 threads, 8 connections (db-scheduler: as many as threads)",
        "jobs/s",
        List.of(
            Entry.of("ideal", "50 ÷ 10 ms", () -> THREADS * 1000.0 / MILLIS),
            Entry.of("qg", "qg", () -> ours(setting)),
            Entry.of(
                "db-scheduler",
                "db-scheduler",
                () ->
                    Drains.rate(
                        setting, () -> new DbScheduler(setting.database()), ledger(setting)))),
        List.of(Ratio.of("≥ 0.9", "qg", "50 ÷ 10 ms")));
  }

  private static double ours(Setting setting) throws Exception {
    return Drains.rate(
        setting,
        () -> new QgPool(setting.database(), THREADS, CONNECTIONS, job -> {}),
        ledger(setting));
  }

  private static Ledger ledger(Setting setting) {
    return Ledger.of(setting.options().jobsOr(50_000)).handling(number -> Thread.sleep(MILLIS));
  }
}
