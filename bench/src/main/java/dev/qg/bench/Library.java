package dev.qg.bench;

import dev.qg.Job;
import dev.qg.LockedJob;
import dev.qg.PoolSnapshot;
import dev.qg.Qg;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkerPool;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.sql.DataSource;

/**
 * The library, as the bench calls it. No other class of the bench knows its API, so that the jar of
 * an older commit needs no more than this one compiled against it. Thread-safe.
 */
public final class Library implements AutoCloseable {

  /** The type of the jobs of most scenarios. */
  public static final String TYPE = "Bench";

  private final Qg qg;

  public Library(DataSource dataSource) {
    this.qg = Qg.create(dataSource);
  }

  /** The resources that make the tables, in order. */
  public static List<String> migrations() {
    return List.of("/qg/migration/V1__que_jobs.sql", "/qg/migration/V2__qg_dead_jobs.sql");
  }

  /** Works jobs of a type. */
  @FunctionalInterface
  public interface Handler {
    void work(Running job) throws Exception;
  }

  /** A job that a handler works. */
  public static final class Running {

    private final LockedJob job;

    private Running(LockedJob job) {
      this.job = job;
    }

    public long id() {
      return job.id();
    }

    /** The number that it was enqueued with, of arguments like {@code [42]}. */
    public int number() {
      String args = job.args().data();
      return Integer.parseInt(args, 1, args.length() - 1, 10);
    }

    /** The connection of the job's transaction, which this begins. */
    public Connection connection() throws SQLException {
      return job.connection();
    }
  }

  /** Enqueues a job of the default queue. */
  public void enqueue(Connection connection, int number) {
    qg.enqueue(connection, job(number));
  }

  /** Enqueues a job of a type and a queue. */
  public void enqueue(Connection connection, String type, String queue, int number) {
    qg.enqueue(connection, job(type, queue, number));
  }

  /** Enqueues jobs of the default queue with the numbers from one on. */
  public void enqueueAll(Connection connection, int from, int count) {
    qg.enqueueAll(connection, IntStream.range(from, from + count).mapToObj(Library::job).toList());
  }

  /** Enqueues jobs of a type and a queue with the numbers from 0 on. */
  public void enqueueAll(Connection connection, String type, String queue, int count) {
    qg.enqueueAll(
        connection,
        IntStream.range(0, count).mapToObj(number -> job(type, queue, number)).toList());
  }

  private static Job job(int number) {
    return Job.of(TYPE).withArgs("[" + number + "]");
  }

  private static Job job(String type, String queue, int number) {
    return Job.of(type).withQueue(queue).withArgs("[" + number + "]");
  }

  /**
   * The settings of a pool. All others have their defaults.
   *
   * @param workers the number of threads
   * @param virtual whether they are virtual threads
   * @param interval between polls; null for the default
   * @param queues at least one
   */
  public record PoolOptions(int workers, boolean virtual, Duration interval, List<String> queues) {

    /** A pool for the default queue. */
    public static PoolOptions of(int workers) {
      return new PoolOptions(workers, false, null, List.of(""));
    }

    public PoolOptions withVirtual(boolean ifVirtual) {
      return new PoolOptions(workers, ifVirtual, interval, queues);
    }

    public PoolOptions withInterval(Duration other) {
      return new PoolOptions(workers, virtual, other, queues);
    }

    public PoolOptions withQueues(List<String> others) {
      return new PoolOptions(workers, virtual, interval, others);
    }
  }

  /** Makes a pool that works jobs of {@link #TYPE}. */
  public Pool pool(PoolOptions options, Handler handler) {
    return pool(options, Map.of(TYPE, handler));
  }

  /** Makes a pool with handlers by type. */
  public Pool pool(PoolOptions options, Map<String, Handler> handlers) {
    List<String> queues = options.queues();
    WorkerPool.Builder builder =
        WorkerPool.builder(qg, workMap(handlers))
            .count(options.workers())
            .queues(queues.get(0), queues.subList(1, queues.size()).toArray(String[]::new));
    if (options.virtual()) {
      builder.virtualThreads();
    }
    if (options.interval() != null) {
      builder.interval(options.interval());
    }
    return new Pool(builder.build());
  }

  private static WorkMap workMap(Map<String, Handler> handlers) {
    WorkMap.Builder builder = WorkMap.builder();
    handlers.forEach((type, handler) -> builder.add(type, job -> handler.work(new Running(job))));
    return builder.build();
  }

  /** A pool of workers. */
  public static final class Pool implements AutoCloseable {

    private final WorkerPool pool;

    private Pool(WorkerPool pool) {
      this.pool = pool;
    }

    public void start() {
      pool.start();
    }

    /** The share of the jobs it locked that it gave back unstarted. */
    public double givenBack() {
      PoolSnapshot snapshot = pool.snapshot();
      return (double) snapshot.givenBack() / snapshot.taken();
    }

    /** Stops it, and waits for its handlers. */
    public void stop() {
      pool.shutdown();
    }

    @Override
    public void close() {
      pool.close();
    }
  }

  /** Makes a worker of jobs of {@link #TYPE}. */
  public OneByOne worker(Handler handler) {
    return new OneByOne(Worker.builder(qg, workMap(Map.of(TYPE, handler))).build());
  }

  /** A worker that works one job a call. Confined to a thread. */
  public static final class OneByOne implements AutoCloseable {

    private final Worker worker;

    private OneByOne(Worker worker) {
      this.worker = worker;
    }

    /** Works a job, and tells whether there was one. */
    public boolean workOne() {
      return worker.workOne();
    }

    @Override
    public void close() {
      worker.close();
    }
  }

  @Override
  public void close() {
    qg.close();
  }
}
