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
import java.util.Map;

/** Whether threads whose handlers wait for something are kept busy, on few connections. */
final class SlowHandlers {

  static final String NAME = "slow-handlers";

  private static final int MILLIS = 10;
  private static final int THREADS = 50;
  private static final int VIRTUAL_THREADS = 200;
  private static final int FIRST_WITH_VIRTUAL_THREADS = 21;
  private static final int CONNECTIONS = 8;

  private SlowHandlers() {}

  static Scenario of(Setting setting) {
    String platform = "qg, " + THREADS + " threads";
    String virtual = "qg, " + VIRTUAL_THREADS + " virtual threads";
    return new Scenario(
        NAME,
        "10 ms of sleep, 8 connections (db-scheduler: 50 threads, as many connections)",
        "jobs/s",
        List.of(
            ideal(THREADS),
            Entry.of("qg", platform, () -> ours(setting, THREADS, false)),
            ideal(VIRTUAL_THREADS),
            new Entry(
                "qg",
                virtual,
                () ->
                    Runtime.version().feature() < FIRST_WITH_VIRTUAL_THREADS
                        ? Map.of()
                        : Map.of(virtual, ours(setting, VIRTUAL_THREADS, true))),
            Entry.of(
                "db-scheduler",
                "db-scheduler",
                () ->
                    Drains.rate(
                        setting, () -> new DbScheduler(setting.database()), ledger(setting)))),
        List.of(
            Ratio.of("≥ 0.9", platform, nameOfIdeal(THREADS)),
            Ratio.of("≥ 0.9", virtual, nameOfIdeal(VIRTUAL_THREADS))));
  }

  private static Entry ideal(int threads) {
    return Entry.of("ideal", nameOfIdeal(threads), () -> threads * 1000.0 / MILLIS);
  }

  private static String nameOfIdeal(int threads) {
    return threads + " ÷ " + MILLIS + " ms";
  }

  private static double ours(Setting setting, int threads, boolean virtual) throws Exception {
    return Drains.rate(
        setting,
        () -> new QgPool(setting.database(), threads, CONNECTIONS, virtual, job -> {}),
        ledger(setting));
  }

  private static Ledger ledger(Setting setting) {
    return Ledger.of(setting.options().jobsOr(50_000)).handling(number -> Thread.sleep(MILLIS));
  }
}
