package dev.qg.bench.scenario;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Database;
import dev.qg.bench.Library;
import dev.qg.bench.Library.Pool;
import dev.qg.bench.Library.PoolOptions;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Setting;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;

/**
 * What a pool costs that has nothing to do. The server counts transactions, of which each statement
 * outside of one makes one.
 */
final class Idle {

  static final String NAME = "idle";

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final int INTERVALS = 5;

  private Idle() {}

  static Scenario of(Setting setting) {
    return new Scenario(
        NAME,
        "a pool with one queue and nothing to do, at most 1 beside the lock session's heartbeat",
        "statements/interval",
        List.of(Entry.of("qg", "qg", () -> measure(setting))),
        List.of());
  }

  private static double measure(Setting setting) throws Exception {
    Database database = setting.database();
    database.execute("truncate que_jobs restart identity");
    int workers = setting.options().workers();
    try (HikariDataSource dataSource = database.pool(workers + 2);
        Library library = new Library(dataSource);
        Pool pool = library.pool(PoolOptions.of(workers).withInterval(INTERVAL), job -> {});
        Connection observer = database.connect()) {
      pool.start();
      Thread.sleep(2 * INTERVAL.toMillis());
      long before = transactions(observer);
      long nothing = transactions(observer) - before;
      before = transactions(observer);
      Thread.sleep(INTERVALS * INTERVAL.toMillis());
      long all = transactions(observer) - before;
      return (double) Math.max(0, all - nothing) / INTERVALS;
    }
  }

  /** Sessions tell the statistics of theirs about once a second, when they do something. */
  private static long transactions(Connection observer) throws SQLException {
    try (Statement statement = observer.createStatement()) {
      statement.execute("select pg_stat_force_next_flush()");
      try (ResultSet row =
          statement.executeQuery(
              "select xact_commit + xact_rollback from pg_stat_database"
                  + " where datname = current_database()")) {
        row.next();
        return row.getLong(1);
      }
    }
  }
}
