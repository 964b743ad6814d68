package dev.qg;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.work.Engine;
import dev.qg.internal.work.VirtualThreads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
 * <p>One session of the database holds the locks of all its jobs, another one writes how jobs
 * ended, and a third one listens for new jobs: the pool keeps these three connections from start to
 * shutdown. Many jobs are locked and deleted by one statement, and a job takes a connection of its
 * own only from when its handler first asks for its transaction. So the {@code DataSource} needs
 * three connections, and as many more as handlers use their transactions at a time; where it has
 * fewer, handlers wait for each other.
 *
 * <p>The queues share the time of the threads: a free thread takes the next job of the queue whose
 * handlers have used the least. A queue that had no jobs saves up no time, but its next job is the
 * first to start. Within a queue the most urgent job comes first. A job that becomes the most
 * urgent one while the pool is busy is seen at the latest after an {@link
 * Builder#interval(Duration) interval}. The threads keep the JVM alive until the shutdown.
 *
 * <p>Safe for use by many threads.
 */
public final class WorkerPool implements AutoCloseable {

  private final Qg qg;
  private final Engine.Settings settings;
  private final Engine engine;

  private WorkerPool(Builder builder) {
    this.qg = builder.qg;
    this.settings =
        new Engine.Settings(
            builder.queues,
            builder.interval,
            builder.name,
            builder.count,
            builder.threads,
            builder.mostLocked,
            builder.listening);
    this.engine = qg.core().engine(builder.workMap, settings);
  }

  /** Starts a pool with the default settings. */
  public static Builder builder(Qg qg, WorkMap workMap) {
    return new Builder(qg, workMap);
  }

  /**
   * Starts the workers. If the database can't be reached yet, which may take as long as the {@code
   * DataSource} waits for a connection, they begin when it can.
   *
   * @throws QgException if a table that they need is missing, if connections are no sessions of the
   *     server, as behind PgBouncer in transaction mode, or if the {@code DataSource} has one
   *     connection for everybody; the message says what to do
   * @throws IllegalStateException if the pool was started or shut down before, or its {@link Qg} is
   *     closed
   */
  public void start() {
    if (!qg.core().start(engine, settings)) {
      throw new IllegalStateException(
          "The pool \"" + LogText.of(settings.name()) + "\" was started or shut down before");
    }
  }

  /**
   * Lets the current jobs finish, however long they take, and waits for them. Not to be called by a
   * handler, which would wait for itself.
   */
  public void shutdown() {
    shutdown(Timings.NO_LIMIT);
  }

  /**
   * Takes no more jobs, gives back those that have not started, lets the others finish until a time
   * limit, and waits for them. A handler that still runs then is interrupted, and if it fails by
   * that, its job is given back as it was. If it doesn't return within a second, its job is taken
   * from it and free for other workers, and its transaction is undone. Then what has ended is
   * written, the locks are given back and the sessions closed: where the database doesn't answer,
   * that is given up after some seconds. No job is ever lost. A pool that was never started has no
   * jobs to end, and can't be started any more. Idempotent.
   *
   * @return whether all jobs finished by themselves within the limit, and that could be written;
   *     false if one was given back or lost meanwhile, whatever the reason
   */
  public boolean shutdown(Duration limit) {
    return qg.core().shutdown(engine, Check.notNegative("limit", limit));
  }

  /** The same as {@link #shutdown(Duration)} with a limit of 30 seconds. */
  @Override
  public void close() {
    shutdown(Timings.CLOSE_LIMIT);
  }

  /** What the pool is doing and has done. */
  public PoolSnapshot snapshot() {
    return Views.snapshot(engine.inside());
  }

  /** Collects the settings of a pool. For one thread. */
  public static final class Builder {

    private final Qg qg;
    private final WorkMap workMap;
    private int count = Runtime.getRuntime().availableProcessors();
    private String name = "worker";
    private int mostLocked = 2_000;
    private boolean listening = true;
    private @Nullable ThreadFactory threads;
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
      this.count = Check.atLeastOne("count", count);
      return this;
    }

    /**
     * Runs each job on a virtual thread, as many at a time as the {@link #count(int)} says, which
     * may be thousands then. By default, on platform threads.
     *
     * @throws IllegalStateException before Java 21, which has none
     */
    public Builder virtualThreads() {
      this.threads = VirtualThreads.factory();
      return this;
    }

    /**
     * How many jobs the pool holds the locks of at a time, whatever their state; 2,000 by default.
     * Each takes an entry of the server's lock table, which has room for about {@code
     * max_locks_per_transaction × max_connections} of all sessions together. If that is full the
     * pool makes do with fewer. With handlers that take longer than some milliseconds it holds far
     * fewer anyway: those that run, and what they will start within a tenth of a second. With less
     * than the {@link #count(int)}, as many jobs run at a time.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxLocked(int maxLocked) {
      this.mostLocked = Check.atLeastOne("maxLocked", maxLocked);
      return this;
    }

    /**
     * Whether to listen for new jobs on a session of its own, so that they start at once and not
     * after an {@link #interval(Duration)} of an idle pool; true by default. What was enqueued
     * through the same {@link Qg} is heard of without, as far as its commit is known: see {@link
     * Qg#transactionListener()}.
     */
    public Builder listening(boolean listening) {
      this.listening = listening;
      return this;
    }

    /** What its threads are called: "qg-", this, and a number or a part; "worker" by default. */
    public Builder name(String name) {
      this.name = Check.notNull("name", name);
      return this;
    }

    /** The queue; by default that of the environment's {@code QUE_QUEUE}, or {@code ""}. */
    public Builder queue(String queue) {
      return queues(queue);
    }

    /**
     * Several queues, which share the time of the threads.
     *
     * @throws IllegalArgumentException if one is named twice
     */
    public Builder queues(String first, String... others) {
      List<String> all = new ArrayList<>();
      Stream.concat(Stream.of(first), Stream.of(others))
          .forEach(
              queue -> {
                if (all.contains(Check.queue(queue))) {
                  throw new IllegalArgumentException(
                      "The queue \"" + LogText.of(queue) + "\" is named twice");
                }
                all.add(queue);
              });
      this.queues = List.copyOf(all);
      return this;
    }

    /**
     * How often an idle pool looks for jobs, and a busy one whether there are more urgent ones than
     * it was about to take; by default the seconds of the environment's {@code QUE_WAKE_INTERVAL},
     * or 5.
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
