package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Consumer;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A database session that holds the advisory locks of jobs. A session that can't be given back
 * clean is ended, so that the server frees its locks. For one thread at a time, but for {@link
 * #abort}.
 */
final class Session implements AutoCloseable {

  private static final int SECONDS_TO_ANSWER = 10;

  private static final Logger log = LoggerFactory.getLogger(Session.class);

  private final Connections.Borrowed borrowed;
  private final Statements sql;

  /**
   * Set by who ends it, from any thread: a pool's connection needn't know that it was ended until
   * it is used again.
   */
  private volatile boolean ended;

  private final SessionSettings settings;
  private final SessionLocks locks;

  private Session(Connections.Borrowed borrowed, Statements sql) {
    this.borrowed = borrowed;
    this.sql = sql;
    this.settings = new SessionSettings(borrowed.connection(), sql);
    this.locks = new SessionLocks(borrowed.connection(), sql, this::abort);
  }

  static Session open(Connections connections, Statements sql) {
    return new Session(connections.borrow(), sql);
  }

  /**
   * Opens one for short statements: a server that doesn't answer is noticed, and what others have
   * locked is not waited for long.
   */
  static Session openToWrite(Connections connections, Statements sql) {
    return open(connections, sql, session -> session.settings.toWrite());
  }

  /**
   * Opens one that is kept for long: each side notices within seconds when the other one is gone.
   */
  static Session openToHold(Connections connections, Statements sql) {
    return open(connections, sql, session -> session.settings.toHold());
  }

  /** The same for the locks of jobs, on a server where these can be ended. */
  static Session openToLock(Connections connections, Statements sql) {
    return open(
        connections,
        sql,
        session -> {
          session.settings.toHold();
          session.requireWritable();
        });
  }

  private static Session open(Connections connections, Statements sql, Consumer<Session> use) {
    Session session = open(connections, sql);
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

  /** From now on, one to write on hardly waits for what others have locked. */
  void writeWhatIsFree() {
    settings.toWriteWhatIsFree();
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
    OwnTransaction transaction = new OwnTransaction(connection(), locks.deletion());
    Consumer<HeldJob> release =
        job -> {
          // What couldn't be undone must not be committed by the unlock.
          if (transaction.isOpen()) {
            abort();
          } else {
            locks.release(row.key().id());
          }
        };
    return new HeldJob(row, sql, policy, transaction, byHand, null, release.andThen(afterwards));
  }

  /**
   * Fails, and ends the session, if nothing can be written on it: no job that is locked there could
   * be ended.
   */
  void requireWritable() {
    if (sql.selectReadOnly().execute(connection())) {
      // Another connection may lead elsewhere, and this one can stay so for longer than the server.
      abort();
      throw new DataAccessException(
          "The server is read-only, or a standby: no job could be ended there");
    }
  }

  /** Fails if the server doesn't answer on the session. */
  void requireAnswer() {
    try {
      if (!connection().isValid(SECONDS_TO_ANSWER)) {
        abort();
        throw new DataAccessException("The session that holds the locks doesn't answer");
      }
    } catch (SQLException e) {
      throw new DataAccessException("Can't ask whether the session still answers", e);
    }
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
    try {
      connection().abort(Runnable::run);
    } catch (SQLException e) {
      log.atWarn()
          .addKeyValue("event", "abort_failed")
          .setCause(e)
          .log("A session could not be ended");
    }
  }

  /** Gives the connection back, which must hold no lock of ours any more. */
  @Override
  public void close() {
    if (!locks.areEmpty()) {
      abort();
    }
    if (!isEnded() && !settings.restore()) {
      abort();
    }
    borrowed.close();
  }
}
