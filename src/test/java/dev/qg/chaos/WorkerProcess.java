package dev.qg.chaos;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.LockedJob;
import dev.qg.Qg;
import dev.qg.RetryPolicy;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkerPool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** A process that works the orders of a run, with handlers that fail, dawdle and lose sessions. */
final class WorkerProcess {

  /** What is said when it works. */
  static final String READY = "working";

  /** Before the bytes of its heap and the number of its threads, where it tells of them. */
  static final String USES = "uses ";

  private static final Duration LIMIT_OF_SHUTDOWN = Duration.ofSeconds(10);

  private WorkerProcess() {}

  /** What each {@link Part} is told, how many jobs at a time, and "pool" or "workers". */
  public static void main(String[] args) {
    String name = args[1];
    int count = Integer.parseInt(args[3]);
    // Two for each handler, and what a pool has for itself.
    HikariDataSource dataSource = Applications.dataSource(args[0], name, 2 * count + 3);
    DSLContext outside = DSL.using(dataSource, SQLDialect.POSTGRES);
    Qg qg =
        Qg.builder(dataSource)
            .retryPolicy(
                RetryPolicy.builder()
                    .delay(failures -> Duration.ofMillis(100L * Math.min(failures, 10)))
                    .build())
            .build();
    WorkMap workMap = WorkMap.of(Orders.TYPE, handler(outside));
    Consumer<Duration> shutdown =
        args[4].equals("pool") ? pool(qg, workMap, name, count) : workers(qg, workMap, count);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  shutdown.accept(LIMIT_OF_SHUTDOWN);
                  qg.close();
                  dataSource.close();
                }));
    System.out.println(READY);
    Thread reporter = new Thread(WorkerProcess::report, "reporter");
    reporter.setDaemon(true);
    reporter.start();
  }

  /** Tells now and then what the process uses. */
  private static void report() {
    Runtime runtime = Runtime.getRuntime();
    while (true) {
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(5));
      System.gc();
      System.out.printf(
          "%s%d %d%n", USES, runtime.totalMemory() - runtime.freeMemory(), Thread.activeCount());
    }
  }

  private static Consumer<Duration> pool(Qg qg, WorkMap workMap, String name, int count) {
    WorkerPool pool = WorkerPool.builder(qg, workMap).name(name).count(count).build();
    pool.start();
    return pool::shutdown;
  }

  private static Consumer<Duration> workers(Qg qg, WorkMap workMap, int count) {
    List<Worker> workers =
        IntStream.range(0, count).mapToObj(i -> Worker.builder(qg, workMap).build()).toList();
    workers.forEach(worker -> new Thread(worker::work).start());
    return limit -> workers.forEach(worker -> worker.shutdown(limit));
  }

  private static WorkFunc handler(DSLContext outside) {
    return job -> {
      Orders.call(outside, job);
      Orders.effect(job);
      misbehave(job);
    };
  }

  private static void misbehave(LockedJob job) {
    int dice = ThreadLocalRandom.current().nextInt(1_000);
    if (dice < 10) {
      throw new IllegalStateException("as it happens");
    } else if (dice < 20) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50L * dice));
    } else if (dice == 20) {
      job.tx().execute("select pg_terminate_backend(pg_backend_pid())");
    } else if (dice == 21) {
      throw new OutOfMemoryError("as it happens");
    }
  }
}
