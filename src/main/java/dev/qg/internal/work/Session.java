package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * A database session that holds the advisory locks of jobs. A session that can't be given back
 * clean is ended, so that the server frees its locks. For one thread at a time, but for {@link
 * #abort} and {@link #abandon}.
 */
final class Session implements AutoCloseable {

  private final Connections connections;
  private final Connections.Borrowed borrowed;
  private final Statements sql;

  /**
   * Set by who ends it, from any thread: a pool's connection needn't know that it was ended until
   * it is used again.
   */
  private volatile boolean ended;

  private boolean doubtful;

  private final SessionSettings settings;
  private final SessionLocks locks;

  /** What runs its statements, where that was asked when it was opened. */
  private @Nullable Integer backend;

  private Session(Connections connections, Connections.Borrowed borrowed, Statements sql) {
    this.connections = connections;
    this.borrowed = borrowed;
    this.sql = sql;
    this.settings = new SessionSettings(borrowed.connection(), sql);
    this.locks = new SessionLocks(borrowed.connection(), sql, this::abort, this::lockMissing);
  }

  /**
   * Opens one for the locks of a few jobs.
   *
   * @throws UnfitConnectionException if connections can't hold locks
   */
  static Session open(Connections connections, Statements sql) {
    connections.requireSessions(sql);
    return open(
        connections, sql, session -> connections.plan(session.connection(), session.settings));
  }

  private static Session borrow(Connections connections, Statements sql) {
    Connections.Borrowed borrowed = connections.borrow();
    try {
      return new Session(connections, borrowed, sql);
    } catch (Throwable t) {
      borrowed.close();
      throw t;
    }
  }

  /**
   * Opens one for short statements: a server that doesn't answer is noticed, and what others have
   * locked is not waited for long. It holds no locks of jobs, so any connection will do.
   */
  static Session openToWrite(Connections connections, Statements sql) {
    return open(connections, sql, session -> session.settings.toWrite());
  }

  /**
   * Opens one that is kept for long: each side notices within seconds when the other one is gone.
   *
   * @throws UnfitConnectionException if connections can't hold locks
   */
  static Session openToHold(Connections connections, Statements sql) {
    return openForLong(connections, sql, session -> {});
  }

  /**
   * The same for the locks of jobs, on a server where these can be ended.
   *
   * @throws UnfitConnectionException if connections can't hold locks
   */
  static Session openToLock(Connections connections, Statements sql) {
    return openForLong(
        connections,
        sql,
        session -> {
          session.backend = sql.selectBackend().execute(session.connection());
          session.requireWritable();
        });
  }

  private static Session openForLong(
      Connections connections, Statements sql, Consumer<Session> use) {
    connections.requireSessions(sql);
    return open(
        connections,
        sql,
        session -> {
          // First, so that this is what is brought back: later, it looks like what others have set.
          connections.watch(session.connection(), sql);
          session.settings.toHold();
          use.accept(session);
        });
  }

  private static Session open(Connections connections, Statements sql, Consumer<Session> use) {
    Session session = borrow(connections, sql);
    try {
      use.accept(session);
      return session;
    } catch (Throwable e) {
      session.abort();
      try (session) {
        throw e;
      }
    }
  }

  Connection connection() {
    return borrowed.connection();
  }

  /** How long it waits for what others have locked, among other things. */
  SessionSettings settings() {
    return settings;
  }

  /** The locks of jobs that it holds. */
  SessionLocks locks() {
    return locks;
  }

  /** Takes spare locks, if it doesn't hold them: room in the server's lock table. */
  void takeSpares() {
    settings.takeSpares();
  }

  /**
   * Gives the spare locks up, so that anybody has that room.
   *
   * @return false if it holds none
   */
  boolean giveUpSpares() {
    return settings.giveUpSpares();
  }

  /** Makes a row that was locked here a job to be worked, whose end releases the lock. */
  HeldJob hold(JobRow row, JobPolicy policy) {
    return hold(row, policy, false, job -> {});
  }

  /** The same for a holder who works by hand, with something that happens after the release. */
  HeldJob holdByHand(JobRow row, JobPolicy policy, Consumer<HeldJob> afterwards) {
    return hold(row, policy, true, afterwards);
  }

  private HeldJob hold(JobRow row, JobPolicy policy, boolean byHand, Consumer<HeldJob> afterwards) {
    connections.watch(connection(), sql);
    OwnTransaction transaction =
        new OwnTransaction(connection(), locks.deletion(), byHand, this::abort);
    Consumer<HeldJob> release =
        job -> {
          try {
            // What couldn't be undone must not be committed by the unlock.
            if (transaction.isOpen()) {
              abort();
            } else {
              locks.release(row.key().id());
            }
          } finally {
            afterwards.accept(job);
          }
        };
    return new HeldJob(row, sql, policy, transaction, byHand, null, release);
  }

  /**
   * Fails, and ends the session, if nothing can be written on it: no job is found there, as none
   * could be ended.
   */
  void requireWritable() {
    if (sql.selectReadOnly().execute(connection())) {
      // Another connection may lead elsewhere, and this one can stay so for longer than the server.
      abort();
      throw new DataAccessException(
          "The server is read-only, or a standby: no job could be ended there");
    }
  }

  /** Fails if the server doesn't answer on the session, or if it is another one than it was. */
  void requireAnswer() {
    try {
      if (!connection().isValid(Timings.seconds(Timings.HEARTBEAT_ANSWER))) {
        abort();
        throw new DataAccessException("The session doesn't answer");
      }
      if (backend != null) {
        requireSame(backend);
      }
    } catch (SQLException e) {
      throw new DataAccessException("Can't ask whether the session still answers", e);
    }
  }

  private void requireSame(int backend) {
    try {
      SessionCheck.requireSame(backend, sql.selectBackend().execute(connection()));
    } catch (UnfitConnectionException e) {
      distrust();
      throw e;
    }
  }

  /** Something else has released a lock here, or this is no longer the session that took it. */
  private void lockMissing() {
    try {
      if (!sql.selectBackend().isDrivers(connection())) {
        distrust();
      }
    } catch (DataAccessException e) {
      // What was done to the job is done, and must not fail by this.
      abort();
    }
  }

  private void distrust() {
    connections.doubtSessions();
    abort();
  }

  boolean isEnded() {
    try {
      return ended || connection().isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  /** Ends the session on the server, with its transaction and its locks; from any thread. */
  void abort() {
    ended = true;
    borrowed.abort();
  }

  /** The same where the thread that uses it may never return: its connection goes back now. */
  void abandon() {
    ended = true;
    borrowed.abandon();
  }

  /** Uses it to lock or work a job; if that fails, it is in doubt. */
  <T> T use(Supplier<T> use) {
    try {
      return use.get();
    } catch (ContentionException e) {
      throw e;
    } catch (Throwable t) {
      doubt();
      throw t;
    }
  }

  /**
   * Hears that something has failed on it, by what a handler may have set on the connection before,
   * or amid an answer: nobody else should get it.
   */
  void doubt() {
    doubtful = true;
  }

  /** Whether nobody should go on with it. */
  boolean isUnfit() {
    return doubtful || isEnded();
  }

  /** Gives the connection back, which must hold no lock of ours any more. */
  @Override
  public void close() {
    try (borrowed) {
      if (doubtful || !locks.areEmpty()) {
        abort();
      }
      if (!isEnded() && !settings.restore()) {
        abort();
      }
    }
  }
}
