package dev.qg.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Library.Handler;
import dev.qg.bench.Library.Pool;
import dev.qg.bench.Library.PoolOptions;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;

/** A pool in a JVM of its own: url, jobs, workers, file. See ChildProcess for how they talk. */
public final class Child {

  private static final Duration BETWEEN_REPORTS = Duration.ofMillis(5);

  /** Several JVMs that share the cores take longer each until they have compiled. */
  private static final int WARM_UPS = 10;

  private Child() {}

  public static void main(String... arguments) throws Exception {
    Database database = Database.at(arguments[0]);
    int jobs = Integer.parseInt(arguments[1]);
    int workers = Integer.parseInt(arguments[2]);
    AtomicInteger worked = new AtomicInteger();
    AtomicReference<Ledger> ledger = new AtomicReference<>();
    Handler handler = job -> ledger.get().work(job.number());
    PoolOptions options = PoolOptions.of(workers);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (HikariDataSource dataSource = database.pool(workers + 2);
        Library library = new Library(dataSource)) {
      for (int i = 0; i < WARM_UPS; i++) {
        ledger.set(Ledger.of(Drains.warmUp(jobs)));
        warmUp(dataSource, library, options, handler, ledger.get());
      }
      ledger.set(Ledger.of(jobs).handling(number -> worked.incrementAndGet()));
      System.out.println("ready");
      in.readLine();
      try (Pool pool = library.pool(options, handler)) {
        pool.start();
        Thread reporter = new Thread(() -> report(worked), "reporter");
        reporter.setDaemon(true);
        reporter.start();
        in.readLine();
      }
    }
    Files.write(Path.of(arguments[3]), ledger.get().times());
  }

  /** With the same handler, in a queue of its own. */
  private static void warmUp(
      DataSource dataSource, Library library, PoolOptions options, Handler handler, Ledger ledger)
      throws Exception {
    String queue = "warm-up-" + ProcessHandle.current().pid();
    ledger.begin();
    try (Connection connection = dataSource.getConnection()) {
      library.enqueueAll(connection, Library.TYPE, queue, ledger.jobs());
    }
    try (Pool pool = library.pool(options.withQueues(List.of(queue)), handler)) {
      pool.start();
      ledger.await(() -> 0L);
    }
  }

  private static void report(AtomicInteger worked) {
    int told = 0;
    while (true) {
      int now = worked.get();
      if (now > told) {
        System.out.println(now - told);
        told = now;
      }
      try {
        Thread.sleep(BETWEEN_REPORTS.toMillis());
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
