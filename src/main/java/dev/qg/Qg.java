package dev.qg;

import dev.qg.internal.sql.InSchema;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.TransactionListener;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * The client of the queue: enqueues jobs, in the caller's transaction or in one of its own, locks
 * them to be worked by hand, and tells what is in the queue. Workers are made of it: {@link
 * WorkerPool} and {@link Worker}.
 *
 * <pre>{@code
 * Qg qg = Qg.create(dataSource);
 * ctx.transaction(cfg -> qg.enqueue(DSL.using(cfg), Job.of("SendReceipt").withArgs("[42]")));
 * }</pre>
 *
 * <p>Immutable and safe for use by many threads; an application needs one. It takes connections
 * from the {@code DataSource} as it needs them, which stays the application's own. It should be the
 * pool itself: the client commits by itself what it does on its own connections.
 */
public final class Qg implements AutoCloseable {

  private final Core core;
  private final Enqueuer enqueuer;
  private final @Nullable String schema;

  private Qg(Builder builder) {
    this.schema = builder.schema;
    Policy policy =
        new Policy(
            derive(builder.configuration),
            builder.retryPolicy,
            Map.copyOf(builder.retryPolicies),
            builder.hooks);
    this.core = new Core(builder.dataSource, Statements.of(builder.schema), policy);
    this.enqueuer = new Enqueuer(core, builder.notifications, builder.synchronous);
  }

  /** A client with the default settings. */
  public static Qg create(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /** Starts a client with other settings. A transaction-aware proxy of Spring is refused. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(Check.dataSource(dataSource));
  }

  /**
   * Enqueues a job in a transaction of its own, also where the caller has one open: the job then
   * stays when that rolls back. Within a transaction use {@link #enqueue(DSLContext, Job)}.
   *
   * @return the job's id
   * @throws DataAccessException if the database did not take it
   */
  public long enqueue(Job job) {
    return enqueuer.enqueue(job);
  }

  /**
   * Enqueues a job on the connection and in the transaction of the caller, whose commit or rollback
   * decides over it. Of the {@code DSLContext} only the connection is used: none of its settings
   * takes part.
   *
   * @return the job's id
   * @throws DataAccessException if the database did not take it, which aborts the transaction
   */
  public long enqueue(DSLContext ctx, Job job) {
    return enqueuer.enqueue(ctx, job);
  }

  /** The same as {@link #enqueue(DSLContext, Job)}. */
  public long enqueue(Configuration configuration, Job job) {
    return enqueue(DSL.using(Check.notNull("configuration", configuration)), job);
  }

  /** The same as {@link #enqueue(DSLContext, Job)}. */
  public long enqueue(Connection connection, Job job) {
    return enqueuer.enqueue(connection, job);
  }

  /**
   * Enqueues jobs, all or none, in a transaction of its own, by few statements or COPY. A
   * transaction that the caller has open takes no part, as with {@link #enqueue(Job)}.
   *
   * @return the jobs' ids, in the order of the jobs
   * @throws DataAccessException if the database did not take them
   */
  public List<Long> enqueueAll(Collection<Job> jobs) {
    return enqueuer.enqueueAll(jobs);
  }

  /**
   * Enqueues jobs, all or none, on the connection and in the transaction of the caller, as {@link
   * #enqueue(DSLContext, Job)} does one.
   *
   * @return the jobs' ids, in the order of the jobs
   * @throws DataAccessException if the database did not take them, which aborts the transaction
   */
  public List<Long> enqueueAll(DSLContext ctx, Collection<Job> jobs) {
    return enqueuer.enqueueAll(ctx, jobs);
  }

  /** The same as {@link #enqueueAll(DSLContext, Collection)}. */
  public List<Long> enqueueAll(Configuration configuration, Collection<Job> jobs) {
    return enqueueAll(DSL.using(Check.notNull("configuration", configuration)), jobs);
  }

  /** The same as {@link #enqueueAll(DSLContext, Collection)}. */
  public List<Long> enqueueAll(Connection connection, Collection<Job> jobs) {
    return enqueuer.enqueueAll(connection, jobs);
  }

  /**
   * Locks the most urgent due job of a queue, to be worked by hand, on a connection that it keeps
   * until {@link LockedJob#done()}. One that can't be read is failed, and the next one locked.
   *
   * @return empty if there is none
   * @throws TryAgainException if ten jobs in a row were lost to other workers
   * @throws QgException if connections are no sessions of the server, as behind PgBouncer in
   *     transaction mode; the message says what to do
   * @throws DataAccessException if the database failed, or nothing can be written there, as on a
   *     standby
   */
  public Optional<LockedJob> lockJob(String queue) {
    return core.lockJob(Check.queue(queue));
  }

  /**
   * Counts the jobs by queue and type, in that order. It reads the whole table.
   *
   * @throws DataAccessException if the database failed
   */
  public List<JobStats> stats() {
    return core.own(connection -> Views.stats(core.sql, connection));
  }

  /** The same as {@link #stats()}, on the caller's connection and with its transaction's jobs. */
  public List<JobStats> stats(DSLContext ctx) {
    return core.callers(ctx, connection -> Views.stats(core.sql, connection));
  }

  /**
   * Tells which jobs are being worked now, in the order of their urgency, and by which database
   * session, whichever client it belongs to.
   *
   * @throws DataAccessException if the database failed
   */
  public List<WorkingJob> working() {
    return core.own(connection -> Views.working(core.sql, connection));
  }

  /** The same as {@link #working()}, on the caller's connection. */
  public List<WorkingJob> working(DSLContext ctx) {
    return core.callers(ctx, connection -> Views.working(core.sql, connection));
  }

  /**
   * Puts a job back that was given up: due now, with no errors counted, its last error kept.
   *
   * @return whether it was among the dead ones
   * @throws DataAccessException if the database failed
   */
  public boolean revive(long jobId) {
    return enqueuer.revive(jobId);
  }

  /**
   * Puts jobs back that were given up, on the connection and in the transaction of the caller.
   *
   * @return how many of them were among the dead ones
   * @throws DataAccessException if the database failed
   */
  public int revive(DSLContext ctx, Collection<Long> jobIds) {
    return enqueuer.revive(ctx, jobIds);
  }

  /**
   * Derives a configuration for queries of your own, in which {@code QUE_JOBS} and {@code
   * QG_DEAD_JOBS} are those of this client's {@link Builder#schema schema}, if it has one. Other
   * tables stay as they are. {@link LockedJob#tx()} does so by itself.
   */
  public Configuration derive(Configuration configuration) {
    return InSchema.derive(Check.notNull("configuration", configuration), schema);
  }

  /**
   * Tells the workers of this client, right after the commit, of what is enqueued in a transaction
   * that the {@code Configuration} with it begins, and has {@link #enqueue(Job)} warn within it.
   */
  public TransactionListener transactionListener() {
    return new CommitListener(core.wakeUps, core.transactionWarning);
  }

  /**
   * Shuts down the pools and workers that still run, within 30 seconds, as {@link
   * WorkerPool#close()} does. Then gives back every job of {@link #lockJob} that is not done, whose
   * transaction is undone by ending its session, and refuses all further use. Not to be called by a
   * handler. Calls of other threads, such as {@link Worker#workOne()}, are not waited for. The
   * {@code DataSource} stays open. Idempotent.
   */
  @Override
  public void close() {
    core.close();
  }

  /** What workers and the test helper need of it. */
  Core core() {
    return core;
  }

  /** Collects the settings of a client. For one thread. */
  public static final class Builder {

    private final DataSource dataSource;
    private final Map<String, RetryPolicy> retryPolicies = new HashMap<>();
    private @Nullable String schema;
    private Configuration configuration = new DefaultConfiguration().set(SQLDialect.POSTGRES);
    private RetryPolicy retryPolicy = RetryPolicy.standard();
    private JobHooks hooks = new JobHooks() {};
    private boolean notifications = true;
    private @Nullable WorkMap synchronous;

    private Builder(DataSource dataSource) {
      this.dataSource = dataSource;
    }

    /** The schema of the tables; by default, the one that the session's search path leads to. */
    public Builder schema(String schema) {
      this.schema = Check.schema(schema);
      return this;
    }

    /**
     * What {@link LockedJob#tx()} derives from: settings, listeners, converters, no connection or
     * transaction provider. By default jOOQ's for PostgreSQL, with its {@code jooq-settings.xml}.
     */
    public Builder configuration(Configuration configuration) {
      this.configuration = Check.notNull("configuration", configuration);
      return this;
    }

    /** What happens to jobs that fail; {@link RetryPolicy#standard()} by default. */
    public Builder retryPolicy(RetryPolicy retryPolicy) {
      this.retryPolicy = Check.notNull("retryPolicy", retryPolicy);
      return this;
    }

    /** What happens to jobs of one type that fail, in place of the general policy. */
    public Builder retryPolicy(String type, RetryPolicy retryPolicy) {
      retryPolicies.put(Check.type(type), Check.notNull("retryPolicy", retryPolicy));
      return this;
    }

    /** What else happens when jobs are completed or fail; nothing by default. */
    public Builder hooks(JobHooks hooks) {
      this.hooks = Check.notNull("hooks", hooks);
      return this;
    }

    /**
     * Whether due jobs are told to idle workers by NOTIFY; true by default. Turn it off with many
     * writers, with XA, or where a trigger notifies: transactions that notify commit one after
     * another in the whole server, and can't be prepared. Workers look once an interval anyway.
     */
    public Builder notifications(boolean notifications) {
      this.notifications = notifications;
      return this;
    }

    /**
     * For development and tests: a job without a {@link Job#withRunAt time} is worked at once when
     * it is enqueued, in the caller's transaction, and what its handler throws goes to the caller.
     */
    public Builder synchronous(WorkMap workMap) {
      this.synchronous = Check.notNull("workMap", workMap);
      return this;
    }

    /** Makes the client; nothing is sent to the database yet. */
    public Qg build() {
      return new Qg(this);
    }
  }
}
