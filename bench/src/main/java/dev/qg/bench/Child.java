package dev.qg.bench;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

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
    WorkMap workMap =
        WorkMap.of(
            "Bench",
            job -> {
              String args = job.args().data();
              ledger.get().work(Integer.parseInt(args, 1, args.length() - 1, 10));
            });
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (HikariDataSource dataSource = database.pool(workers + 2);
        Qg qg = Qg.create(dataSource)) {
      for (int i = 0; i < WARM_UPS; i++) {
        ledger.set(Ledger.of(Drains.warmUp(jobs)));
        warmUp(qg, workMap, workers, ledger.get());
      }
      ledger.set(Ledger.of(jobs).handling(number -> worked.incrementAndGet()));
      System.out.println("ready");
      in.readLine();
      try (WorkerPool pool = WorkerPool.builder(qg, workMap).count(workers).build()) {
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
  private static void warmUp(Qg qg, WorkMap workMap, int workers, Ledger ledger) throws Exception {
    String queue = "warm-up-" + ProcessHandle.current().pid();
    ledger.begin();
    qg.enqueueAll(
        IntStream.range(0, ledger.jobs())
            .mapToObj(number -> Job.of("Bench").withArgs("[" + number + "]").withQueue(queue))
            .toList());
    try (WorkerPool pool = WorkerPool.builder(qg, workMap).queue(queue).count(workers).build()) {
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
