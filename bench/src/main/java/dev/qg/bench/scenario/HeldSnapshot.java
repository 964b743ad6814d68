package dev.qg.bench.scenario;

import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Measurement;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.Classic;
import dev.qg.bench.contestant.DbScheduler;
import dev.qg.bench.contestant.GraphileWorker;
import dev.qg.bench.contestant.Limit;
import dev.qg.bench.contestant.QgPool;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a long transaction elsewhere does to a queue: nothing that is deleted can be vacuumed, so
 * that whoever looks for jobs from the front walks over all that are done. Everybody has the time
 * limit; a rate is that of the jobs worked in it.
 */
final class HeldSnapshot {

  static final String NAME = "held-snapshot";

  private static final String FREE = "qg, no snapshot held";
  private static final String FIRST = ", first tenth";
  private static final String LAST = ", last tenth";

  private HeldSnapshot() {}

  static Scenario of(Setting setting) {
    Database database = setting.database();
    int workers = setting.options().workers();
    return new Scenario(
        NAME,
        "jobs that do nothing, while a REPEATABLE READ transaction is open from before the first",
        "jobs/s",
        List.of(
            new Entry("qg", FREE, () -> free(setting)),
            held(setting, "qg", () -> new QgPool(database, workers)),
            held(setting, "limit", () -> new Limit(database, 1)),
            held(setting, "qg-classic", () -> new Classic(database, 4)),
            held(setting, "db-scheduler", () -> new DbScheduler(database)),
            held(setting, "graphile-worker", () -> new GraphileWorker(database))),
        List.of(
            Ratio.of("≥ 0.85", "qg", FREE),
            Ratio.of("flat", "qg" + LAST, "qg" + FIRST),
            Ratio.of("", FREE + LAST, FREE + FIRST),
            Ratio.of("", "qg", "limit"),
            Ratio.of("", "qg", "db-scheduler"),
            Ratio.of("", "qg", "graphile-worker")));
  }

  private static Ledger ledger(Setting setting) {
    return Ledger.of(setting.options().jobsOr(1_000_000)).within(setting.options().limit());
  }

  private static Map<String, Double> free(Setting setting) throws Exception {
    Ledger ledger = ledger(setting);
    Drains.rate(setting, () -> new QgPool(setting.database(), setting.options().workers()), ledger);
    return figures(FREE, ledger);
  }

  /** The rate, and those of the first and the last tenth if it came to that. */
  private static Map<String, Double> figures(String name, Ledger ledger) {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(name, ledger.rate());
    if (ledger.isComplete()) {
      figures.put(name + FIRST, ledger.rateOfTenth(1));
      figures.put(name + LAST, ledger.rateOfTenth(10));
    }
    return figures;
  }

  private static Entry held(Setting setting, String name, Supplier<Contestant> maker) {
    Measurement measurement =
        () -> {
          if (name.equals("graphile-worker") && !GraphileWorker.isAvailable()) {
            return Map.of();
          }
          try (Contestant contestant = maker.get()) {
            Ledger ledger = ledger(setting);
            Drains.warmUp(contestant, ledger.jobs());
            contestant.prepare();
            try (Snapshot snapshot = new Snapshot(setting.database())) {
              contestant.enqueue(ledger.jobs());
              setting.database().settle();
              Drains.drain(contestant, ledger);
              snapshot.check();
            }
            return figures(name, ledger);
          }
        };
    return new Entry(name, name, measurement);
  }

  /** A transaction that sees the database as it was when it began. */
  private record Snapshot(Connection connection, String seen) implements AutoCloseable {

    Snapshot(Database database) throws SQLException {
      this(begin(database.connect()));
    }

    private Snapshot(Connection connection) throws SQLException {
      this(connection, xmin(connection));
    }

    private static Connection begin(Connection connection) throws SQLException {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
      return connection;
    }

    private static String xmin(Connection connection) throws SQLException {
      try (Statement statement = connection.createStatement();
          var row = statement.executeQuery("select pg_current_snapshot()")) {
        row.next();
        return row.getString(1);
      }
    }

    /** Whether it has lasted until now. */
    void check() throws SQLException {
      if (!xmin(connection).equals(seen)) {
        throw new IllegalStateException("The snapshot was not held");
      }
    }

    @Override
    public void close() throws SQLException {
      connection.rollback();
      connection.close();
    }
  }
}
