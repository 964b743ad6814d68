package dev.qg;

import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Connections;
import dev.qg.internal.work.ContentionException;
import dev.qg.internal.work.HandHeldJobs;
import dev.qg.internal.work.InlineJobs;
import dev.qg.internal.work.Runner;
import dev.qg.internal.work.WorkLoop;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jooq.Configuration;
import org.jooq.ConnectionProvider;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultConfiguration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
 * from the {@code DataSource} as it needs them, which stays the application's own. The {@code
 * DataSource} should be the pool itself and not a transaction-aware proxy: what the client does on
 * its own connections it commits by itself.
 */
public final class Qg implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Qg.class);

  private final Connections connections;
  private final Statements sql;
  private final Policy policy;
  private final Enqueuer enqueuer;
  private final InlineJobs inline;
  private final HandHeldJobs handHeld;

  /** Set once by close, so that what comes later is refused. */
  private final AtomicBoolean closed = new AtomicBoolean();

  private Qg(Builder builder) {
    this.connections = new Connections(builder.dataSource);
    this.sql = Statements.of(builder.schema);
    this.policy =
        new Policy(
            builder.configuration,
            builder.retryPolicy,
            Map.copyOf(builder.retryPolicies),
            builder.hooks);
    this.inline = new InlineJobs(sql, policy);
    this.enqueuer = new Enqueuer(sql, inline, builder.synchronous);
    this.handHeld = new HandHeldJobs(connections, sql, policy);
  }

  /** A client with the default settings. */
  public static Qg create(DataSource dataSource) {
    return builder(dataSource).build();
  }

  /** Starts a client with other settings. */
  public static Builder builder(DataSource dataSource) {
    return new Builder(Check.notNull("dataSource", dataSource));
  }

  /**
   * Enqueues a job in a transaction of its own.
   *
   * @return the job's id
   * @throws DataAccessException if the database did not take it
   */
  public long enqueue(Job job) {
    Check.notNull("job", job);
    return own(connection -> enqueuer.enqueue(connection, job));
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
    Check.notNull("job", job);
    return callers(ctx, connection -> enqueuer.enqueue(connection, job));
  }

  /** The same as {@link #enqueue(DSLContext, Job)}. */
  public long enqueue(Configuration configuration, Job job) {
    return enqueue(using(configuration), job);
  }

  /** The same as {@link #enqueue(DSLContext, Job)}. */
  public long enqueue(Connection connection, Job job) {
    Check.notNull("job", job);
    return enqueuer.enqueue(open(connection), job);
  }

  /**
   * Enqueues jobs, all or none, in a transaction of its own. Many go faster than one at a time, by
   * far: they take a few statements for any number, or COPY.
   *
   * @return the jobs' ids, in the order of the jobs
   * @throws DataAccessException if the database did not take them
   */
  public List<Long> enqueueAll(Collection<Job> jobs) {
    Check.notNull("jobs", jobs);
    return own(connection -> enqueuer.enqueueAll(connection, jobs));
  }

  /**
   * Enqueues jobs, all or none, on the connection and in the transaction of the caller, as {@link
   * #enqueue(DSLContext, Job)} does one.
   *
   * @return the jobs' ids, in the order of the jobs
   * @throws DataAccessException if the database did not take them, which aborts the transaction
   */
  public List<Long> enqueueAll(DSLContext ctx, Collection<Job> jobs) {
    Check.notNull("jobs", jobs);
    return callers(ctx, connection -> enqueuer.enqueueAll(connection, jobs));
  }

  /** The same as {@link #enqueueAll(DSLContext, Collection)}. */
  public List<Long> enqueueAll(Configuration configuration, Collection<Job> jobs) {
    return enqueueAll(using(configuration), jobs);
  }

  /** The same as {@link #enqueueAll(DSLContext, Collection)}. */
  public List<Long> enqueueAll(Connection connection, Collection<Job> jobs) {
    Check.notNull("jobs", jobs);
    return enqueuer.enqueueAll(open(connection), jobs);
  }

  /**
   * Locks the most urgent due job of a queue, to be worked by hand, on a connection that it keeps
   * until {@link LockedJob#done()}.
   *
   * @return empty if there is none
   * @throws TryAgainException if ten jobs in a row were lost to other workers
   * @throws DataAccessException if the database failed
   */
  public Optional<LockedJob> lockJob(String queue) {
    Check.queue(queue);
    requireOpen();
    try {
      return handHeld.lock(queue).map(held -> new LockedJob(held, true));
    } catch (ContentionException e) {
      throw new TryAgainException(e);
    }
  }

  /**
   * Counts the jobs by queue and type, in that order. It reads the whole table.
   *
   * @throws DataAccessException if the database failed
   */
  public List<JobStats> stats() {
    return own(connection -> Views.stats(sql, connection));
  }

  /** The same as {@link #stats()}, on the caller's connection and with its transaction's jobs. */
  public List<JobStats> stats(DSLContext ctx) {
    return callers(ctx, connection -> Views.stats(sql, connection));
  }

  /**
   * Tells which jobs are being worked now, in the order of their urgency, and by which database
   * session, whichever client it belongs to.
   *
   * @throws DataAccessException if the database failed
   */
  public List<WorkingJob> working() {
    return own(connection -> Views.working(sql, connection));
  }

  /** The same as {@link #working()}, on the caller's connection. */
  public List<WorkingJob> working(DSLContext ctx) {
    return callers(ctx, connection -> Views.working(sql, connection));
  }

  /**
   * Puts a job back that was given up: due now, with no errors counted, its last error kept.
   *
   * @return whether it was among the dead ones
   * @throws DataAccessException if the database failed
   */
  public boolean revive(long jobId) {
    return own(connection -> sql.reviveJobs().execute(connection, List.of(jobId))) == 1;
  }

  /**
   * Puts jobs back that were given up, on the connection and in the transaction of the caller.
   *
   * <pre>{@code
   * qg.revive(ctx, ctx.select(QG_DEAD_JOBS.JOB_ID).from(QG_DEAD_JOBS)
   *     .where(QG_DEAD_JOBS.JOB_CLASS.eq("SendReceipt")).fetchSet(QG_DEAD_JOBS.JOB_ID));
   * }</pre>
   *
   * @return how many of them were among the dead ones
   * @throws DataAccessException if the database failed
   */
  public int revive(DSLContext ctx, Collection<Long> jobIds) {
    List<Long> ids =
        Check.notNull("jobIds", jobIds).stream()
            .map(id -> Check.notNull("each of jobIds", id))
            .toList();
    return callers(ctx, connection -> sql.reviveJobs().execute(connection, ids));
  }

  /**
   * Gives back every job of {@link #lockJob} that is not done, and refuses all further use. What is
   * not committed of such a job is undone, by ending its session. Workers have shutdowns of their
   * own. The {@code DataSource} stays open. Again is harmless.
   */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      handHeld.close();
    }
  }

  /** Refuses to work on a database without our tables, if it can be asked. */
  void requireTables() {
    boolean jobs;
    boolean deadJobs;
    try {
      jobs = own(sql.findJobs()::execute);
      deadJobs = !policy.givesUp() || own(sql.findDeadJobs()::execute);
    } catch (DataAccessException e) {
      log.atWarn()
          .addKeyValue("event", "start_unchecked")
          .setCause(e)
          .log("The database can't be reached yet: starting all the same");
      return;
    }
    if (!jobs) {
      throw new QgException("There is no table que_jobs: " + Statements.HOW_TO_MAKE_TABLES);
    }
    if (!deadJobs) {
      throw new QgException(
          "A retry policy gives jobs up (maxAttempts), but there is no table qg_dead_jobs to move"
              + " them to: "
              + Statements.HOW_TO_MAKE_TABLES);
    }
  }

  LockedJob inject(DSLContext ctx, Job job) {
    requireOpen();
    // Kept until the job is done: a transaction-aware connection is of no use after its release.
    ConnectionProvider provider = ctx.configuration().connectionProvider();
    Connection connection = Check.notNull("the connection of ctx", provider.acquire());
    try {
      if (connection.getAutoCommit()) {
        throw new IllegalArgumentException(
            "A job is injected into a transaction, but the connection of ctx is in none");
      }
      return new LockedJob(
          inline.insert(connection, job.columns(), () -> provider.release(connection)), true);
    } catch (SQLException | RuntimeException e) {
      provider.release(connection);
      throw e instanceof RuntimeException unchecked
          ? unchecked
          : new DataAccessException("Can't tell whether the connection is in a transaction", e);
    }
  }

  WorkLoop loop(WorkMap workMap, List<String> queues, Duration interval) {
    Runner runner =
        new Runner(
            type -> {
              WorkFunc function = workMap.get(type);
              return function == null ? null : held -> function.work(new LockedJob(held, false));
            });
    return new WorkLoop(connections, sql, policy, runner, queues, interval);
  }

  void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("This Qg is closed");
    }
  }

  private <T> T own(Function<Connection, T> work) {
    requireOpen();
    return connections.call(work);
  }

  private <T> T callers(DSLContext ctx, Function<Connection, T> work) {
    Check.notNull("ctx", ctx);
    requireOpen();
    return ctx.connectionResult(work::apply);
  }

  private Connection open(Connection connection) {
    requireOpen();
    return Check.notNull("connection", connection);
  }

  private static DSLContext using(Configuration configuration) {
    return DSL.using(Check.notNull("configuration", configuration));
  }

  /** Collects the settings of a client. For one thread. */
  public static final class Builder {

    private final DataSource dataSource;
    private final Map<String, RetryPolicy> retryPolicies = new HashMap<>();
    private @Nullable String schema;
    private Configuration configuration = new DefaultConfiguration().set(SQLDialect.POSTGRES);
    private RetryPolicy retryPolicy = RetryPolicy.standard();
    private JobHooks hooks = new JobHooks() {};
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
     * What the {@link LockedJob#tx()} of a job derives from: settings, listeners, converters. Its
     * connection and transaction provider are not used. By default that of jOOQ for PostgreSQL.
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
     * For development and tests: a job that has no {@link Job#withRunAt time} set is worked at once
     * when it is enqueued, in the caller's transaction, and what its handler throws goes to the
     * caller. By default, jobs are enqueued for workers.
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
