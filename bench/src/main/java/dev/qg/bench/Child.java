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
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** A pool in a JVM of its own: url, jobs, workers, file. See ChildProcess for how they talk. */
public final class Child {

  private static final Duration BETWEEN_REPORTS = Duration.ofMillis(5);

  private Child() {}

  public static void main(String... arguments) throws Exception {
    Database database = Database.at(arguments[0]);
    int workers = Integer.parseInt(arguments[2]);
    AtomicInteger worked = new AtomicInteger();
    Ledger ledger =
        Ledger.of(Integer.parseInt(arguments[1])).handling(number -> worked.incrementAndGet());
    WorkMap workMap =
        WorkMap.of(
            "Bench",
            job -> {
              String args = job.args().data();
              ledger.work(Integer.parseInt(args, 1, args.length() - 1, 10));
            });
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (HikariDataSource dataSource = database.pool(workers + 2);
        Qg qg = Qg.create(dataSource)) {
      warmUp(qg, workers, Drains.warmUp(ledger.jobs()));
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
    Files.write(Path.of(arguments[3]), ledger.times());
  }

  /** In a queue of its own. */
  private static void warmUp(Qg qg, int workers, int jobs) throws InterruptedException {
    String queue = "warm-up-" + ProcessHandle.current().pid();
    CountDownLatch all = new CountDownLatch(jobs);
    qg.enqueueAll(Collections.nCopies(jobs, Job.of("Bench").withQueue(queue)));
    try (WorkerPool pool =
        WorkerPool.builder(qg, WorkMap.of("Bench", job -> all.countDown()))
            .queue(queue)
            .count(workers)
            .build()) {
      pool.start();
      all.await();
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
