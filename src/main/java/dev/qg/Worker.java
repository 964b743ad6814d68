package dev.qg;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.work.WorkLoop;
import java.time.Duration;

/**
 * Works the jobs of one queue, one at a time, on the thread that calls {@link #work()}: the most
 * urgent first, where one that becomes so is seen within a tenth of a second. For several at a time
 * there is {@link WorkerPool}.
 *
 * <p>While it works it holds one connection, on which it locks a job, runs its transaction and
 * deletes it. While there is nothing to do it holds none, and looks again after each interval. When
 * the database can't be reached it logs that once, and tries again with growing pauses.
 *
 * <p>Safe for use by many threads, of which one can be in {@link #work()}.
 */
public final class Worker implements AutoCloseable {

  private final Qg qg;
  private final WorkLoop loop;

  private Worker(Builder builder) {
    this.qg = builder.qg;
    this.loop = qg.core().loop(builder.workMap, builder.queue, builder.interval);
  }

  /** Starts a worker with the default settings. */
  public static Builder builder(Qg qg, WorkMap workMap) {
    return new Builder(qg, workMap);
  }

  /**
   * Works jobs until {@link #shutdown()}, or until its thread is interrupted, which ends it after
   * the current job and leaves the thread interrupted. Can be called once.
   *
   * @throws QgException if a table that it needs is missing, or if connections are no sessions of
   *     the server, as behind PgBouncer in transaction mode; the message says what to do
   * @throws IllegalStateException if it was called before, or its {@link Qg} is closed
   */
  public void work() {
    qg.core().requireFitForWork();
    loop.run();
  }

  /**
   * Works one job, if one is due. A failure of the job is recorded on it and not thrown. After a
   * job that was lost it pauses for 100 ms, since the same job may be found again.
   *
   * @return whether there was one
   * @throws TryAgainException if ten jobs in a row were lost to other workers
   * @throws QgException if connections are no sessions of the server; the message says what to do
   * @throws org.jooq.exception.DataAccessException if the database failed, or nothing can be
   *     written there, as on a standby
   */
  public boolean workOne() {
    qg.core().requireOpen();
    return qg.core().working(loop::workOne);
  }

  /**
   * Lets the current job of {@link #work()} finish, however long it takes, and waits for it. Not to
   * be called by a handler, which would wait for itself.
   */
  public void shutdown() {
    shutdown(Timings.NO_LIMIT);
  }

  /**
   * Lets the current job of {@link #work()} finish until a time limit, and waits for it. A handler
   * that still runs then is interrupted, and if it fails by that, its job is given back as it was.
   * If it doesn't return within a second, its session is ended, with which it loses its transaction
   * and its job; other workers can have the job as soon as the server has noticed, which may take
   * some seconds if the handler waits for a statement, and before PostgreSQL 14 until the statement
   * ends. A worker that does not work has no job to end, and its {@link #work()} then returns at
   * once. Idempotent.
   *
   * @return whether the job finished by itself within the limit, and that could be written
   */
  public boolean shutdown(Duration limit) {
    return loop.shutdown(Check.notNegative("limit", limit));
  }

  /** The same as {@link #shutdown(Duration)} with a limit of 30 seconds. */
  @Override
  public void close() {
    shutdown(Timings.CLOSE_LIMIT);
  }

  /** Collects the settings of a worker. For one thread. */
  public static final class Builder {

    private final Qg qg;
    private final WorkMap workMap;
    private String queue;
    private Duration interval;

    private Builder(Qg qg, WorkMap workMap) {
      this.qg = Check.notNull("qg", qg);
      this.workMap = Check.notNull("workMap", workMap);
      Defaults defaults = Defaults.of(System.getenv());
      this.queue = defaults.queue();
      this.interval = defaults.interval();
    }

    /** The queue; by default that of the environment's {@code QUE_QUEUE}, or {@code ""}. */
    public Builder queue(String queue) {
      this.queue = Check.queue(queue);
      return this;
    }

    /**
     * How long to wait when there was nothing to do; by default the seconds of the environment's
     * {@code QUE_WAKE_INTERVAL}, or 5.
     *
     * @throws IllegalArgumentException if it is not more than 0
     */
    public Builder interval(Duration interval) {
      this.interval = Check.positive("interval", interval);
      return this;
    }

    /** Makes the worker, which does nothing yet. */
    public Worker build() {
      return new Worker(this);
    }
  }
}
