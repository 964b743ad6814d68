package dev.qg.bench.scenario;

import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.QgProcesses;
import java.util.List;

/** Whether a pool lives with little memory; an OutOfMemoryError ends its JVM. */
final class Memory {

  static final String NAME = "memory";

  private Memory() {}

  static Scenario of(Setting setting) {
    int jobs = setting.options().jobsOr(1_000_000);
    return new Scenario(
        NAME,
        "jobs that do nothing, a pool in a JVM with a heap of 64 MB",
        "jobs/s",
        List.of(
            Entry.of(
                "qg",
                "qg, -Xmx64m",
                () ->
                    Drains.rate(
                        setting,
                        () ->
                            new QgProcesses(
                                setting.database(),
                                1,
                                setting.options().workers(),
                                "-Xmx64m",
                                "-XX:+ExitOnOutOfMemoryError"),
                        Ledger.of(jobs)))),
        List.of());
  }
}
