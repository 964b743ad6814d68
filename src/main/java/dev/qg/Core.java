package dev.qg;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Connections;
import dev.qg.internal.work.ContentionException;
import dev.qg.internal.work.Engine;
import dev.qg.internal.work.HandHeldJobs;
import dev.qg.internal.work.InlineJobs;
import dev.qg.internal.work.Places;
import dev.qg.internal.work.PoolCapacity;
import dev.qg.internal.work.Runner;
import dev.qg.internal.work.RunningWorkers;
import dev.qg.internal.work.UnfitConnectionException;
import dev.qg.internal.work.WakeUps;
import dev.qg.internal.work.WorkLoop;
import java.sql.Connection;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jooq.ConnectionProvider;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.DetachedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a client, its workers and its test helper share. Safe for use by many threads. */
final class Core {

  private static final Logger log = LoggerFactory.getLogger(Core.class);

  final Connections connections;
  final TransactionWarning transactionWarning;
  final Statements sql;
  final Policy policy;
  final InlineJobs inline;
  final WakeUps wakeUps = new WakeUps();

  /** The types that have a handler in any worker of this client. */
  private final Set<String> handled = ConcurrentHashMap.newKeySet();

  /** Those of retry policies that were found to have none. */
  private final Set<String> unhandled = ConcurrentHashMap.newKeySet();

  private final DataSource dataSource;
  private final Places places = new Places();
  private final RunningWorkers running = new RunningWorkers();
  private final HandHeldJobs handHeld;

  /** Set once by close, so that what comes later is refused. */
  private volatile boolean closed;

  Core(DataSource dataSource, Statements sql, Policy policy) {
    this.dataSource = dataSource;
    this.connections = new Connections(dataSource);
    this.transactionWarning = new TransactionWarning(dataSource);
    this.sql = sql;
    this.policy = policy;
    this.inline = new InlineJobs(sql, policy);
    this.handHeld = new HandHeldJobs(connections, sql, policy);
  }

  /** What runs ends first: its handlers may still use this client. */
  void close() {
    try {
      running.close(Timings.CLOSE_LIMIT);
    } finally {
      closed = true;
      handHeld.close();
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("This Qg is closed");
    }
  }

  /** Runs something on a connection of our own, whose statements commit by themselves. */
  <T> T own(Function<Connection, T> work) {
    requireOpen();
    return working(() -> connections.call(work));
  }

  /** Runs something on the connection of a caller. */
  <T> T callers(DSLContext ctx, Function<Connection, T> work) {
    Check.notNull("ctx", ctx);
    requireOpen();
    ConnectionProvider provider = ctx.configuration().connectionProvider();
    Connection connection = acquire(provider);
    try {
      return work.apply(connection);
    } finally {
      provider.release(connection);
    }
  }

  /** Names what jOOQ's own error doesn't: a context on R2DBC is the usual reason. */
  private static Connection acquire(ConnectionProvider provider) {
    Connection connection = provider.acquire();
    if (connection == null) {
      throw new DetachedException(
          "The DSLContext or Configuration has no JDBC connection, as it was made of a dialect alone"
              + " or on R2DBC: make it of a DataSource or a java.sql.Connection");
    }
    return connection;
  }

  /** The connection of a caller. */
  Connection callers(Connection connection) {
    requireOpen();
    return Check.notNull("connection", connection);
  }

  /** Locks a job of the queue to be worked by hand. */
  Optional<LockedJob> lockJob(String queue) {
    requireOpen();
    return working(() -> handHeld.lock(queue).map(held -> new LockedJob(held, true)));
  }

  /** Runs something that locks jobs, whose failures are given the names that users know. */
  <T> T working(Supplier<T> work) {
    try {
      return work.get();
    } catch (ContentionException e) {
      throw new TryAgainException(e);
    } catch (UnfitConnectionException e) {
      throw unfit(e);
    }
  }

  private static QgException unfit(UnfitConnectionException cause) {
    return new QgException(String.valueOf(cause.getMessage()), cause);
  }

  /**
   * Refuses to work without our tables, or on what is no session, if the database can be asked.
   *
   * @return whether it can
   */
  boolean requireFitForWork() {
    warnOfUnusedPolicies();
    boolean jobs;
    boolean deadJobs;
    try {
      jobs = own(sql.findJobs()::execute);
      deadJobs = !policy.givesUp() || own(sql.findDeadJobs()::execute);
      connections.requireSessions(sql);
    } catch (UnfitConnectionException e) {
      throw unfit(e);
    } catch (DataAccessException e) {
      log.atWarn()
          .addKeyValue("event", "start_unchecked")
          .setCause(e)
          .log("The database can't be reached yet: starting all the same");
      return false;
    }
    if (!jobs) {
      throw new QgException(
          "There is no table que_jobs in " + sql.where() + ": " + Statements.HOW_TO_MAKE_TABLES);
    }
    if (!deadJobs) {
      throw new QgException(
          "A retry policy gives jobs up (maxAttempts), but to move them to there is no table"
              + " qg_dead_jobs in "
              + sql.where()
              + ": "
              + Statements.HOW_TO_MAKE_TABLES);
    }
    return true;
  }

  /** A misspelt type is the usual reason. */
  private void warnOfUnusedPolicies() {
    for (String type : policy.byType().keySet()) {
      if (!handled.contains(type) && unhandled.add(type)) {
        log.atWarn()
            .addKeyValue("event", "retry_policy_unused")
            .addKeyValue("type", LogText.of(type))
            .log(
                "There is a retry policy for the type \"{}\", but none of the workers built so far"
                    + " has a handler for it",
                LogText.of(type));
      }
    }
  }

  /** Holds a new job within the transaction of a test. */
  LockedJob inject(DSLContext ctx, Job job) {
    requireOpen();
    // Kept until the job is done: a transaction-aware connection is of no use after its release.
    ConnectionProvider provider = ctx.configuration().connectionProvider();
    Connection connection = acquire(provider);
    try {
      if (!Connections.isInTransaction(connection, sql)) {
        throw new IllegalArgumentException(
            "A job is injected into a transaction, but the connection of ctx is in none");
      }
      return new LockedJob(
          inline.insert(connection, job.columns(), () -> provider.release(connection)), true);
    } catch (RuntimeException e) {
      provider.release(connection);
      throw e;
    }
  }

  /** Refuses to work for a pool also where it would share one connection with everybody. */
  private void requireFitForPool() {
    if (!requireFitForWork()) {
      return;
    }
    try {
      connections.requireSecond();
    } catch (UnfitConnectionException e) {
      throw unfit(e);
    } catch (DataAccessException e) {
      log.atWarn()
          .addKeyValue("event", "start_unchecked")
          .setCause(e)
          .log("The database has no second connection yet: starting the pool all the same");
    }
  }

  /** Makes a loop that works jobs of a queue, as a worker. */
  WorkLoop loop(WorkMap workMap, String queue, Duration interval) {
    handled.addAll(workMap.types());
    return new WorkLoop(
        connections, sql, policy, runner(workMap), places, running, queue, interval);
  }

  /** Makes what works jobs for a pool. */
  Engine engine(WorkMap workMap, Engine.Settings settings) {
    handled.addAll(workMap.types());
    return new Engine(connections, sql, policy, runner(workMap), wakeUps, settings);
  }

  /** Starts a pool, which {@link #close} shuts down unless that is done before. */
  boolean start(Engine engine, Engine.Settings settings) {
    requireFitForPool();
    warnOfFewConnections(settings);
    running.add(engine);
    return engine.start();
  }

  private void warnOfFewConnections(Engine.Settings settings) {
    int most = PoolCapacity.of(dataSource).orElse(Integer.MAX_VALUE);
    int needed = settings.connections();
    if (most < needed) {
      log.atWarn()
          .addKeyValue("event", "few_connections")
          .addKeyValue("pool", LogText.of(settings.name()))
          .addKeyValue("needed", needed)
          .addKeyValue("most", most)
          .log(
              "The pool \"{}\" needs up to {} connections: {} of its own, and one for each of {}"
                  + " handlers that uses its transaction. The DataSource has at most {}: handlers"
                  + " wait for each other, and fail if that takes too long",
              LogText.of(settings.name()),
              needed,
              needed - settings.count(),
              settings.count(),
              most);
    }
  }

  boolean shutdown(Engine engine, Duration limit) {
    try {
      return engine.shutdown(limit);
    } finally {
      running.remove(engine);
    }
  }

  private static Runner runner(WorkMap workMap) {
    return new Runner(
        type -> {
          WorkFunc function = workMap.get(type);
          return function == null ? null : held -> function.work(new LockedJob(held, false));
        });
  }
}
