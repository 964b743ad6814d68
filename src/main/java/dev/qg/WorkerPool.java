package dev.qg;

import dev.qg.internal.work.Shutdown;
import dev.qg.internal.work.WorkLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Works the jobs of one or several queues, many at a time, on threads of its own.
 *
 * <pre>{@code
 * try (WorkerPool pool = WorkerPool.builder(qg, workMap).count(8).build()) {
 *   pool.start();
 *   …
 * }
 * }</pre>
 *
 * <p>Each of its workers is one as {@link Worker} describes, with a thread and, while it works, a
 * connection of its own. They take turns between the queues, and within a queue the most urgent job
 * comes first. The threads keep the JVM alive until the shutdown.
 *
 * <p>Safe for use by many threads.
 */
public final class WorkerPool implements AutoCloseable {

  private final Qg qg;
  private final String name;
  private final List<WorkLoop> loops;

  /** Set by start, which can happen once. */
  private final AtomicBoolean started = new AtomicBoolean();

  private WorkerPool(Builder builder) {
    this.qg = builder.qg;
    this.name = builder.name;
    this.loops =
        IntStream.range(0, builder.count)
            .mapToObj(i -> qg.core().loop(builder.workMap, builder.queues, builder.interval))
            .toList();
  }

  /** Starts a pool with the default settings. */
  public static Builder builder(Qg qg, WorkMap workMap) {
    return new Builder(qg, workMap);
  }

  /**
   * Starts the workers. If the database can't be reached yet, which may take as long as the {@code
   * DataSource} waits for a connection, they begin when it can.
   *
   * @throws QgException if a table that they need is missing; the message says how to make it
   * @throws IllegalStateException if the pool was started before
   */
  public void start() {
    qg.core().requireTables();
    if (!started.compareAndSet(false, true)) {
      throw new IllegalStateException("The pool \"" + name + "\" was started before");
    }
    for (int i = 0; i < loops.size(); i++) {
      WorkLoop loop = loops.get(i);
      new Thread(() -> loop.run(true), "qg-" + name + "-" + (i + 1)).start();
    }
  }

  /**
   * Lets the current jobs finish, however long they take, and waits for them. Not to be called by a
   * handler, which would wait for itself.
   */
  public void shutdown() {
    shutdown(Shutdown.NO_LIMIT);
  }

  /**
   * Takes no more jobs, lets the current ones finish until a time limit, and waits for them. A
   * handler that still runs then is interrupted, and if it fails by that, its job is given back as
   * it was. If it doesn't return within a second, its session is ended, with which it loses its
   * transaction and its job; other workers can have the job as soon as the server has noticed,
   * which is when the statement ends that the handler may be waiting for. No job is ever lost.
   * Again is harmless.
   *
   * @return whether all jobs finished by themselves within the limit
   */
  public boolean shutdown(Duration limit) {
    return Shutdown.of(loops, Check.notNegative("limit", limit));
  }

  /** The same as {@link #shutdown(Duration)} with a limit of 30 seconds. */
  @Override
  public void close() {
    shutdown(Shutdown.LIMIT_OF_CLOSE);
  }

  /** Collects the settings of a pool. For one thread. */
  public static final class Builder {

    private final Qg qg;
    private final WorkMap workMap;
    private int count = Runtime.getRuntime().availableProcessors();
    private String name = "worker";
    private List<String> queues;
    private Duration interval;

    private Builder(Qg qg, WorkMap workMap) {
      this.qg = Check.notNull("qg", qg);
      this.workMap = Check.notNull("workMap", workMap);
      Defaults defaults = Defaults.of(System.getenv());
      this.queues = List.of(defaults.queue());
      this.interval = defaults.interval();
    }

    /**
     * How many jobs are worked at a time; by default as many as there are processors.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder count(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("count must be 1 or more, but is " + count);
      }
      this.count = count;
      return this;
    }

    /** What its threads are called: "qg-", this, and a number; "worker" by default. */
    public Builder name(String name) {
      this.name = Check.notNull("name", name);
      return this;
    }

    /** The queue; by default that of the environment's {@code QUE_QUEUE}, or {@code ""}. */
    public Builder queue(String queue) {
      return queues(queue);
    }

    /**
     * Several queues, which are worked in turn.
     *
     * @throws IllegalArgumentException if one is named twice
     */
    public Builder queues(String first, String... others) {
      List<String> all = new ArrayList<>();
      Stream.concat(Stream.of(first), Stream.of(others))
          .forEach(
              queue -> {
                if (all.contains(Check.queue(queue))) {
                  throw new IllegalArgumentException("The queue \"" + queue + "\" is named twice");
                }
                all.add(queue);
              });
      this.queues = List.copyOf(all);
      return this;
    }

    /**
     * How long a worker waits when there was nothing to do; by default the seconds of the
     * environment's {@code QUE_WAKE_INTERVAL}, or 5.
     *
     * @throws IllegalArgumentException if it is not more than 0
     */
    public Builder interval(Duration interval) {
      this.interval = Check.positive("interval", interval);
      return this;
    }

    /** Makes the pool, which does nothing until it is started. */
    public WorkerPool build() {
      return new WorkerPool(this);
    }
  }
}
