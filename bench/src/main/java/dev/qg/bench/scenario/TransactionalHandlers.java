package dev.qg.bench.scenario;

import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Library.Running;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.PlainTransactions;
import dev.qg.bench.contestant.QgPool;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Supplier;

/** What a job costs whose handler writes a row in the job's transaction. */
final class TransactionalHandlers {

  static final String NAME = "transactional-handlers";

  private static final int CONNECTIONS = 8;

  private TransactionalHandlers() {}

  static Scenario of(Setting setting) {
    Database database = setting.database();
    return new Scenario(
        NAME,
        "each job inserts a row in its transaction, 8 connections",
        "jobs/s",
        List.of(
            entry(
                setting, "jdbc", "plain JDBC", () -> new PlainTransactions(database, CONNECTIONS)),
            entry(
                setting,
                "qg",
                "qg",
                () ->
                    new QgPool(
                        database, CONNECTIONS, CONNECTIONS, false, TransactionalHandlers::insert))),
        List.of(Ratio.of("≥ 0.7", "qg", "plain JDBC")));
  }

  private static void insert(Running job) throws SQLException {
    try (PreparedStatement insert =
        job.connection().prepareStatement("insert into bench_effects (job_id) values (?)")) {
      insert.setLong(1, job.id());
      insert.executeUpdate();
    }
  }

  private static Entry entry(
      Setting setting, String contestant, String name, Supplier<Contestant> maker) {
    return Entry.of(
        contestant,
        name,
        () -> {
          Database database = setting.database();
          int jobs = setting.options().jobsOr(50_000);
          database.execute("create table if not exists bench_effects (job_id bigint not null)");
          try (Contestant one = maker.get()) {
            Drains.warmUp(one, jobs);
            database.execute("truncate bench_effects");
            Drains.fill(setting, one, jobs);
            double rate = Drains.drain(one, Ledger.of(jobs)).rate();
            check(database, jobs);
            return rate;
          }
        });
  }

  private static void check(Database database, int jobs) throws SQLException {
    long all = database.number("select count(*) from bench_effects");
    long distinct = database.number("select count(distinct job_id) from bench_effects");
    if (all != jobs || distinct != jobs) {
      throw new IllegalStateException(
          "Of %,d jobs, %,d have left %,d rows".formatted(jobs, distinct, all));
    }
  }
}
