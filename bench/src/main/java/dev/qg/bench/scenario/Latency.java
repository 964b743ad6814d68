package dev.qg.bench.scenario;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Database;
import dev.qg.bench.Library;
import dev.qg.bench.Library.Pool;
import dev.qg.bench.Library.PoolOptions;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;

/**
 * How long a job waits for its handler when the pool has nothing else to do, from just before its
 * commit. Beside it, how long a notification takes the same way: alone, which needs no flush to the
 * disk, and in the transaction of an insert, which does as a job's transaction does.
 */
final class Latency {

  static final String NAME = "latency";

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final int SAMPLES = 1_000;

  /** Fewer jobs a second than those from which on notifications are left out. */
  private static final Duration PAUSE = Duration.ofMillis(10);

  private final Setting setting;
  private final int samples;

  private Latency(Setting setting, int samples) {
    this.setting = setting;
    this.samples = samples;
  }

  static Scenario of(Setting setting) {
    Latency latency = new Latency(setting, setting.options().jobsOr(SAMPLES));
    return new Scenario(
        NAME,
        "one job at a time for an idle pool, from before the commit until the handler runs",
        "ms",
        List.of(
            new Entry("notify", "NOTIFY", () -> latency.notification("NOTIFY", false)),
            new Entry(
                "notify",
                "NOTIFY and INSERT",
                () -> latency.notification("NOTIFY and INSERT", true)),
            new Entry("qg", "qg", latency::ours)),
        List.of(
            Ratio.of("≤ 2", "qg, p50", "NOTIFY, p50"),
            Ratio.of("≤ 3", "qg, p99", "NOTIFY, p99"),
            Ratio.of("", "qg, p50", "NOTIFY and INSERT, p50"),
            Ratio.of("", "qg, p99", "NOTIFY and INSERT, p99")));
  }

  /** Something to be committed, and when it has arrived. */
  private interface Probe {
    void send(int number) throws SQLException;

    /** The time of arrival, or null. */
    Long arrival() throws SQLException, InterruptedException;
  }

  private Map<String, Double> measure(String name, Connection sender, Probe probe)
      throws SQLException, InterruptedException {
    sender.setAutoCommit(false);
    List<Double> times = new ArrayList<>();
    long end = System.nanoTime() + setting.options().limit().toNanos();
    for (int i = -samples / 10; i < samples && System.nanoTime() < end; i++) {
      probe.send(i);
      long began = System.nanoTime();
      sender.commit();
      Long arrived = probe.arrival();
      if (arrived == null) {
        throw new IllegalStateException("Nothing arrived in " + PATIENCE);
      }
      // The first ones warm up, unless the time is short.
      if (i >= 0 || arrived - began > Duration.ofSeconds(1).toNanos()) {
        times.add((arrived - began) / 1e6);
      }
      Thread.sleep(PAUSE.toMillis());
    }
    Collections.sort(times);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(name + ", p50", percentile(times, 0.5));
    figures.put(name + ", p99", percentile(times, 0.99));
    return figures;
  }

  private static double percentile(List<Double> sorted, double share) {
    return sorted.get((int) Math.min(sorted.size() - 1, Math.round(sorted.size() * share)));
  }

  private Map<String, Double> ours() throws Exception {
    setting.database().execute("truncate que_jobs restart identity");
    return ofPool("qg");
  }

  /** How long a job waits, with the jobs for later that there are. */
  static Map<String, Double> ofPool(Setting setting, String name) throws Exception {
    return new Latency(setting, SAMPLES).ofPool(name);
  }

  private Map<String, Double> ofPool(String name) throws Exception {
    Database database = setting.database();
    long later = database.number("select count(*) from que_jobs");
    SynchronousQueue<Long> arrivals = new SynchronousQueue<>();
    int workers = setting.options().workers();
    try (HikariDataSource dataSource = database.pool(workers + 2);
        Library library = new Library(dataSource);
        Pool pool = library.pool(PoolOptions.of(workers), job -> arrivals.put(System.nanoTime()));
        Connection sender = database.connect()) {
      pool.start();
      Map<String, Double> figures =
          measure(
              name,
              sender,
              new Probe() {
                @Override
                public void send(int number) {
                  library.enqueue(sender, number);
                }

                @Override
                public Long arrival() throws InterruptedException {
                  return arrivals.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
                }
              });
      pool.stop();
      if (database.number("select count(*) from que_jobs") != later) {
        throw new IllegalStateException("Jobs are left");
      }
      return figures;
    }
  }

  private Map<String, Double> notification(String name, boolean insert) throws Exception {
    Database database = setting.database();
    database.execute("create table if not exists bench_inserts (number int)");
    try (Connection listener = database.connect();
        Connection sender = database.connect();
        Statement listen = listener.createStatement();
        Statement statement = sender.createStatement()) {
      listen.execute("listen bench");
      PGConnection notified = listener.unwrap(PGConnection.class);
      return measure(
          name,
          sender,
          new Probe() {
            @Override
            public void send(int number) throws SQLException {
              if (insert) {
                statement.execute("insert into bench_inserts values (" + number + ")");
              }
              statement.execute("notify bench");
            }

            @Override
            public Long arrival() throws SQLException {
              boolean arrived = notified.getNotifications((int) PATIENCE.toMillis()).length > 0;
              return arrived ? System.nanoTime() : null;
            }
          });
    }
  }
}
