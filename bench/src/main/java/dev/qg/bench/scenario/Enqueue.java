package dev.qg.bench.scenario;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Database;
import dev.qg.bench.Library;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import dev.qg.bench.contestant.Limit;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How fast jobs are enqueued, by one thread. */
final class Enqueue {

  static final String NAME = "enqueue";

  /** A second or two, so that what is measured is compiled. */
  private static final int WARM_UP = 10_000;

  private static final String INSERT =
      "insert into que_jobs (job_class, args) values (?, ?::json) returning job_id";

  private final Database database;
  private final int transactionOf;
  private final int jobs;

  /** Enqueues some jobs with the numbers from one on. */
  private interface Way {
    void enqueue(Connection connection, Library library, int from, int count) throws Exception;
  }

  private Enqueue(Database database, int transactionOf, int jobs) {
    this.database = database;
    this.transactionOf = transactionOf;
    this.jobs = jobs;
  }

  static Scenario of(Setting setting) {
    int most = setting.options().jobsOr(100_000);
    int few = Math.max(10, most / 20);
    List<Entry> entries = new ArrayList<>();
    add(entries, setting, 1, few, "plain JDBC", Enqueue::insert, Enqueue::enqueue);
    add(entries, setting, 10, few * 2, "plain JDBC", Enqueue::insert, Enqueue::enqueue);
    for (int size : List.of(Math.min(1_000, most), most)) {
      add(entries, setting, size, most, "COPY", Enqueue::copy, Enqueue::enqueueAll);
    }
    return new Scenario(
        NAME,
        "one, ten, a thousand and many jobs in a transaction, one thread",
        "jobs/s",
        entries,
        List.of(
            Ratio.of("≥ 0.9", name("qg", 1), name("plain JDBC", 1)),
            Ratio.of("", name("qg", 10), name("plain JDBC", 10)),
            Ratio.of("", name("qg", 1_000), name("COPY", 1_000)),
            Ratio.of("≥ 0.8", name("qg", most), name("COPY", most))));
  }

  private static void add(
      List<Entry> entries,
      Setting setting,
      int size,
      int jobs,
      String other,
      Way theirs,
      Way ours) {
    Enqueue enqueue = new Enqueue(setting.database(), size, Math.max(size, jobs));
    String their = name(other, size);
    String our = name("qg", size);
    if (entries.stream().noneMatch(entry -> entry.name().equals(our))) {
      entries.add(Entry.of("jdbc", their, () -> enqueue.rate(theirs)));
      entries.add(Entry.of("qg", our, () -> enqueue.rate(ours)));
    }
  }

  private static String name(String contestant, int size) {
    return String.format(Locale.ROOT, "%s, %,d", contestant, size);
  }

  private double rate(Way way) throws Exception {
    try (HikariDataSource dataSource = database.pool(2);
        Library library = new Library(dataSource)) {
      run(dataSource, library, way, Math.max(transactionOf, Math.min(WARM_UP, 2 * jobs)));
      database.execute("truncate que_jobs restart identity");
      database.settle();
      long began = System.nanoTime();
      run(dataSource, library, way, jobs);
      long time = System.nanoTime() - began;
      check();
      return jobs * 1e9 / time;
    }
  }

  /** A connection a transaction, as applications do it; a single job needs no transaction. */
  private void run(HikariDataSource dataSource, Library library, Way way, int count)
      throws Exception {
    for (int from = 0; from < count; from += transactionOf) {
      try (Connection connection = dataSource.getConnection()) {
        connection.setAutoCommit(transactionOf == 1);
        way.enqueue(connection, library, from, Math.min(transactionOf, count - from));
        if (transactionOf > 1) {
          connection.commit();
        }
      }
    }
  }

  private void check() throws SQLException {
    long right =
        database.number(
            "select count(distinct args->>0) from que_jobs where job_class = 'Bench'"
                + " and queue = '' and priority = 100 and run_at <= now()"
                + " and (args->>0)::int < "
                + jobs);
    long all = database.number("select count(*) from que_jobs");
    if (right != jobs || all != jobs) {
      throw new IllegalStateException(
          "Of %,d jobs, %,d are there, %,d of them right".formatted(jobs, all, right));
    }
  }

  private static void enqueue(Connection connection, Library library, int from, int count) {
    for (int number = from; number < from + count; number++) {
      library.enqueue(connection, number);
    }
  }

  private static void enqueueAll(Connection connection, Library library, int from, int count) {
    library.enqueueAll(connection, from, count);
  }

  private static void insert(Connection connection, Library library, int from, int count)
      throws SQLException {
    for (int number = from; number < from + count; number++) {
      try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
        insert.setString(1, "Bench");
        insert.setString(2, "[" + number + "]");
        insert.executeQuery();
      }
    }
  }

  private static void copy(Connection connection, Library library, int from, int count)
      throws SQLException {
    Limit.copy(connection, from, count);
  }
}
