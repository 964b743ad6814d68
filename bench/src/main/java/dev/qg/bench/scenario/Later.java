package dev.qg.bench.scenario;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Drains;
import dev.qg.bench.Ledger;
import dev.qg.bench.Library;
import dev.qg.bench.Library.Pool;
import dev.qg.bench.Library.PoolOptions;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.QgPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * Whether jobs that are scheduled for later, in the same queue and of the same priority, cost a
 * pool anything: when it is idle, when jobs come one by one, and when it has a backlog.
 */
final class Later {

  static final String NAME = "later";

  private static final Duration IDLE = Duration.ofSeconds(10);

  private Later() {}

  static Scenario of(Setting setting) {
    int most = setting.options().jobsOr(10_000_000);
    TreeSet<Integer> sizes = new TreeSet<>(List.of(0, Math.min(10_000, most), most / 10, most));
    List<Entry> entries = new ArrayList<>();
    List<Ratio> ratios = new ArrayList<>();
    for (int size : sizes) {
      entries.add(new Entry("qg", name(size), () -> measure(setting, size)));
      if (size > 0) {
        ratios.add(Ratio.of("≤ 1.3", name(size) + ", p50", name(0) + ", p50"));
        ratios.add(Ratio.of("≤ 2", name(size) + ", p99", name(0) + ", p99"));
        ratios.add(Ratio.of("≤ 1.1", name(size) + ", 1,000 jobs", name(0) + ", 1,000 jobs"));
      }
    }
    return new Scenario(
        NAME,
        "with jobs for later: processor time of an idle pool's sessions in 10 s (at most 20 more"
            + " than with none), from commit to handler, and 1,000 jobs of a backlog",
        "ms",
        entries,
        ratios);
  }

  private static String name(int later) {
    return later == 0 ? "qg, none for later" : String.format(Locale.ROOT, "qg, %,d later", later);
  }

  private static Map<String, Double> measure(Setting setting, int later) throws Exception {
    Database database = setting.database();
    int backlog = 100_000;
    Map<String, Double> figures = new LinkedHashMap<>();
    try (Contestant pool = new QgPool(database, setting.options().workers())) {
      Drains.warmUp(pool, backlog);
      pool.prepare();
      database.execute(
          "insert into que_jobs (job_class, run_at)"
              + " select 'Bench', now() + interval '1 day' + i * interval '1 ms'"
              + " from generate_series(1, %d) i".formatted(later));
      database.settle();
      Double idle = idle(setting);
      if (idle != null) {
        figures.put(name(later) + ", idle 10 s", idle);
      }
      figures.putAll(Latency.ofPool(setting, name(later)));
      pool.enqueue(backlog);
      database.settle();
      double rate = Drains.drain(pool, Ledger.of(backlog)).rate();
      figures.put(name(later) + ", 1,000 jobs", 1_000 * 1_000 / rate);
    }
    return figures;
  }

  /**
   * The milliseconds of all sessions of a pool, or null where the server's processes are hidden.
   */
  private static Double idle(Setting setting) throws Exception {
    int workers = setting.options().workers();
    try (HikariDataSource dataSource = setting.database().pool(workers + 2);
        Library library = new Library(dataSource);
        Pool pool = library.pool(PoolOptions.of(workers), job -> {});
        Connection observer = setting.database().connect()) {
      pool.start();
      Thread.sleep(1_000);
      Duration time =
          IDLE.compareTo(setting.options().limit()) < 0 ? IDLE : setting.options().limit();
      List<Path> processes = processes(observer);
      if (processes.isEmpty()) {
        return null;
      }
      long before = nanos(processes);
      Thread.sleep(time.toMillis());
      return (nanos(processes) - before) / 1e6 * IDLE.toMillis() / time.toMillis();
    }
  }

  /** Of all other sessions, as Linux shows them, if they are of this machine. */
  private static List<Path> processes(Connection observer) throws SQLException, IOException {
    List<Path> processes = new ArrayList<>();
    try (Statement statement = observer.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select pid from pg_stat_activity where datname = current_database()"
                    + " and backend_type = 'client backend' and pid <> pg_backend_pid()")) {
      while (row.next()) {
        Path process = Path.of("/proc", row.getString(1));
        Path name = process.resolve("comm");
        if (!Files.exists(name) || !Files.readString(name).startsWith("postgres")) {
          return List.of();
        }
        processes.add(process.resolve("schedstat"));
      }
    }
    return processes;
  }

  /** The time that they have had a processor. */
  private static long nanos(List<Path> processes) throws IOException {
    long nanos = 0;
    for (Path process : processes) {
      nanos += Long.parseLong(Files.readString(process).split(" ")[0]);
    }
    return nanos;
  }
}
