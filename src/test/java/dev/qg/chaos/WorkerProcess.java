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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** A process that works the orders of a run, with handlers that fail, dawdle and do worse. */
final class WorkerProcess {

  /** What is said at the end of a shutdown that took too long. */
  static final String LATE = "the shutdown was late";

  /** So short that pools leave a worker something, which looks for one job at a time. */
  private static final Duration INTERVAL = Duration.ofMillis(50);

  private static final Duration LIMIT_OF_SHUTDOWN = Duration.ofSeconds(10);

  /** Whether this JDK has virtual threads. */
  static final boolean HAS_VIRTUAL_THREADS = Runtime.version().feature() >= 21;

  private static final int LEAST_BYTES = 1_024;
  private static final Duration WITHOUT_MEMORY = Duration.ofSeconds(5);

  private final long seed;
  private final boolean isPool;
  private final DSLContext outside;
  private final Progress progress = new Progress();

  private WorkerProcess(long seed, boolean isPool, DSLContext outside) {
    this.seed = seed;
    this.isPool = isPool;
    this.outside = outside;
  }

  /**
   * What each {@link Part} is told, how many jobs at a time, and "workers", "pool", or "virtual"
   * for a pool on virtual threads where the JDK has them.
   */
  public static void main(String[] args) {
    Applications.begin();
    String name = args[1];
    int count = Integer.parseInt(args[4]);
    boolean isPool = !args[5].equals("workers");
    // Two for each handler, and what a pool has for itself.
    HikariDataSource dataSource = Applications.dataSource(args[0], name, 2 * count + 3);
    Qg qg =
        Qg.builder(dataSource)
            .retryPolicy(policy().build())
            .retryPolicy(Orders.MORTAL, policy().maxAttempts(Orders.MAX_ATTEMPTS).build())
            .retryPolicy(Orders.HOPELESS, policy().maxAttempts(Orders.MAX_ATTEMPTS).build())
            .build();
    WorkerProcess process =
        new WorkerProcess(
            Long.parseLong(args[3]), isPool, DSL.using(dataSource, SQLDialect.POSTGRES));
    WorkFunc handler = process.handler();
    WorkMap workMap =
        WorkMap.builder()
            .add(Orders.TYPE, handler)
            .add(Orders.MORTAL, handler)
            .add(Orders.HOPELESS, handler)
            .build();
    boolean isVirtual = args[5].equals("virtual") && HAS_VIRTUAL_THREADS;
    Predicate<Duration> shutdown =
        isPool ? pool(qg, workMap, name, count, isVirtual) : workers(qg, workMap, count);
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
    Applications.ready();
    process.progress.report();
  }

  /** How long a job waits is told by a rule, too. */
  private static RetryPolicy.Builder policy() {
    return RetryPolicy.builder()
        .delay(failures -> Duration.ofMillis(100L * Math.min(failures, 10)));
  }

  private static Predicate<Duration> pool(
      Qg qg, WorkMap workMap, String name, int count, boolean isVirtual) {
    String[] others = Plan.QUEUES.stream().skip(1).toArray(String[]::new);
    WorkerPool.Builder builder =
        WorkerPool.builder(qg, workMap).name(name).count(count).queues(Plan.QUEUES.get(0), others);
    WorkerPool pool = (isVirtual ? builder.virtualThreads() : builder).build();
    pool.start();
    return pool::shutdown;
  }

  private static Predicate<Duration> workers(Qg qg, WorkMap workMap, int count) {
    List<Worker> workers =
        IntStream.range(0, count)
            .mapToObj(i -> Plan.QUEUES.get(i % Plan.QUEUES.size()))
            .map(queue -> Worker.builder(qg, workMap).queue(queue).interval(INTERVAL).build())
            .toList();
    AtomicBoolean isToEnd = new AtomicBoolean();
    workers.forEach(
        worker ->
            Applications.start(
                "worker",
                () -> {
                  worker.work();
                  if (!isToEnd.get()) {
                    throw new IllegalStateException("A worker has ended by itself");
                  }
                }));
    return limit -> {
      isToEnd.set(true);
      return workers.stream().allMatch(worker -> worker.shutdown(limit));
    };
  }

  private WorkFunc handler() {
    return job -> {
      long order = Orders.order(job.args());
      int revivals = job.type().equals(Orders.TYPE) ? 0 : Orders.revivals(outside, job.id());
      if (Plan.of(seed, order).fails(job.errorCount(), revivals)) {
        Orders.fail(outside, job);
      }
      // The same each time that it is worked after as many errors.
      int dice = Dice.of(seed, order * 31 + job.errorCount() + 7L * revivals).nextInt(20_000);
      if (Orders.isTransactional(order)) {
        Orders.work(outside, job);
        misbehave(dice);
        misbehaveInTransaction(job, dice);
      } else {
        misbehave(dice);
        // The last that it does: whoever was called for has not failed.
        Orders.work(outside, job);
      }
      progress.worked();
    };
  }

  private void misbehave(int dice) {
    if (dice < 200) {
      throw new IllegalStateException("as it happens");
    } else if (dice < 400) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2L * dice));
    } else if (dice == 400) {
      // It can strike whatever else runs here.
      Orders.noteStrike(outside, Instant.now(), Instant.now().plus(WITHOUT_MEMORY));
      fillTheHeap();
    }
  }

  private void misbehaveInTransaction(LockedJob job, int dice) {
    if (dice > 400 && dice <= 410) {
      job.tx().execute("set local search_path to pg_catalog");
    } else if (dice > 410 && dice <= 430 && isPool) {
      // A worker's session is this one, and its lock would go with it.
      endItsSession(job, dice);
    }
  }

  private static void endItsSession(LockedJob job, int dice) {
    job.tx()
        .execute(
            dice % 2 == 0
                ? "select pg_terminate_backend(pg_backend_pid())"
                : "select pg_advisory_unlock_all()");
  }

  /** Down to the last bytes, so that all others have none either for a moment. */
  private static void fillTheHeap() {
    Object[] all = new Object[1 << 16];
    int size = 1 << 20;
    for (int i = 0; i < all.length; i++) {
      try {
        all[i] = new byte[size];
      } catch (OutOfMemoryError e) {
        size /= 2;
        if (size < LEAST_BYTES) {
          throw e;
        }
      }
    }
    throw new IllegalStateException("The heap is larger than it was to be");
  }
}
