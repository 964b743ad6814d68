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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** A process that works the orders of a run, with handlers that fail, dawdle and do worse. */
final class WorkerProcess {

  /** What is said when it works. */
  static final String READY = "working";

  /** Before the bytes of its heap and the number of its threads, where it tells of them. */
  static final String USES = "uses ";

  /** What is said at the end of a shutdown that took too long. */
  static final String LATE = "the shutdown was late";

  private static final Duration LIMIT_OF_SHUTDOWN = Duration.ofSeconds(10);

  private final long seed;
  private final boolean isPool;
  private final DSLContext outside;

  private WorkerProcess(long seed, boolean isPool, DSLContext outside) {
    this.seed = seed;
    this.isPool = isPool;
    this.outside = outside;
  }

  /** What each {@link Part} is told, how many jobs at a time, and "pool" or "workers". */
  public static void main(String[] args) {
    Applications.endWithParent();
    String name = args[1];
    int count = Integer.parseInt(args[4]);
    boolean isPool = args[5].equals("pool");
    // Two for each handler, and what a pool has for itself.
    HikariDataSource dataSource = Applications.dataSource(args[0], name, 2 * count + 3);
    Qg qg =
        Qg.builder(dataSource)
            .retryPolicy(
                RetryPolicy.builder()
                    .delay(failures -> Duration.ofMillis(100L * Math.min(failures, 10)))
                    .build())
            .build();
    WorkerProcess process =
        new WorkerProcess(
            Long.parseLong(args[3]), isPool, DSL.using(dataSource, SQLDialect.POSTGRES));
    WorkMap workMap = WorkMap.of(Orders.TYPE, process.handler());
    Predicate<Duration> shutdown =
        isPool ? pool(qg, workMap, name, count) : workers(qg, workMap, count);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  if (!shutdown.test(LIMIT_OF_SHUTDOWN)) {
                    System.out.println(LATE);
                  }
                  qg.close();
                  dataSource.close();
                }));
    System.out.println(READY);
    report();
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

  private static Predicate<Duration> pool(Qg qg, WorkMap workMap, String name, int count) {
    WorkerPool pool = WorkerPool.builder(qg, workMap).name(name).count(count).build();
    pool.start();
    return pool::shutdown;
  }

  private static Predicate<Duration> workers(Qg qg, WorkMap workMap, int count) {
    List<Worker> workers =
        IntStream.range(0, count).mapToObj(i -> Worker.builder(qg, workMap).build()).toList();
    workers.forEach(worker -> new Thread(worker::work).start());
    return limit -> workers.stream().allMatch(worker -> worker.shutdown(limit));
  }

  private WorkFunc handler() {
    return job -> {
      Orders.work(outside, job);
      misbehave(job);
    };
  }

  /** The same for each attempt of a job, whoever works it. */
  private void misbehave(LockedJob job) {
    int dice = Dice.of(seed, Orders.order(job) * 31 + job.errorCount()).nextInt(20_000);
    if (dice < 200) {
      throw new IllegalStateException("as it happens");
    } else if (dice < 400) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2L * dice));
    } else if (dice < 410) {
      job.tx().execute("set local search_path to pg_catalog");
    } else if (dice < 430 && isPool) {
      // A worker's session is this one, and its lock would go with it.
      endItsSession(job, dice);
    } else if (dice == 430) {
      fillTheHeap();
    }
  }

  private static void endItsSession(LockedJob job, int dice) {
    job.tx()
        .execute(
            dice % 2 == 0
                ? "select pg_terminate_backend(pg_backend_pid())"
                : "select pg_advisory_unlock_all()");
  }

  private static void fillTheHeap() {
    Object[] all = new Object[1 << 20];
    for (int i = 0; i < all.length; i++) {
      all[i] = new byte[1 << 20];
    }
    throw new IllegalStateException("The heap has room for " + all.length + " MiB");
  }
}
