package dev.qg.internal.work;

import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Borrows connections for statements of our own. A pool may hand them out with auto-commit off;
 * here it is on, and as it was when the connection goes back. Safe for use by many threads.
 */
public final class Connections {

  private static final Logger log = LoggerFactory.getLogger(Connections.class);

  private final DataSource dataSource;

  private final SessionCheck sessionCheck = new SessionCheck(this);

  /** Those whose server notices soon that their host is gone. */
  private final ConnectionSet watched = new ConnectionSet();

  /** Those on which our statements are planned as they are by default. */
  private final ConnectionSet planned = new ConnectionSet();

  private final ConnectionSet inUse = new ConnectionSet();

  public Connections(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Makes sure that connections can hold the locks of jobs; where they can, it asks only once.
   *
   * @throws UnfitConnectionException if they can't
   */
  public void requireSessions(Statements sql) {
    sessionCheck.require(sql.selectBackend());
  }

  /**
   * Makes sure that the {@code DataSource} has more than one connection.
   *
   * @throws UnfitConnectionException if it hands out one that is in use
   * @throws DataAccessException if it has no second one
   */
  public void requireSecond() {
    use(one -> use(other -> {}));
  }

  /** Has that asked again. */
  void doubtSessions() {
    sessionCheck.doubt();
  }

  /**
   * Has the server notice soon when a connection's host is gone, with what a job has locked there.
   * That stays so: to bring it back would cost each job a round trip. It must be in no transaction.
   */
  void watch(Connection connection, Statements sql) {
    if (!watched.contains(connection)) {
      sql.toWork().execute(connection);
      watched.add(connection);
    }
  }

  /** Has our statements planned as they are by default, until the settings are brought back. */
  void plan(Connection connection, SessionSettings settings) {
    if (!planned.contains(connection) && !settings.toPlan()) {
      planned.add(connection);
    }
  }

  /**
   * Takes a connection whose statements commit by themselves, to be given back by its close.
   *
   * @throws UnfitConnectionException if it is borrowed already
   */
  Borrowed borrow() {
    try {
      Connection connection = dataSource.getConnection();
      if (!inUse.add(connection)) {
        // It is not given back, as that might close it for its user.
        throw UnfitConnectionException.byDataSource();
      }
      Runnable returned = inUse.removal(connection);
      try {
        boolean autoCommit = connection.getAutoCommit();
        if (!autoCommit) {
          requireNoTransaction(connection);
          connection.setAutoCommit(true);
        }
        return new Borrowed(connection, autoCommit, returned);
      } catch (Throwable t) {
        try (connection) {
          returned.run();
          throw t;
        }
      }
    } catch (UnfitConnectionException e) {
      throw e;
    } catch (SQLException | RuntimeException e) {
      // Pools that are made at their first use fail with exceptions of their own.
      throw new DataAccessException("Can't get a connection: " + e.getMessage(), e);
    }
  }

  /**
   * To set auto-commit on would commit the transaction of somebody else, who has bound it to the
   * thread.
   */
  private static void requireNoTransaction(Connection connection) throws SQLException {
    TransactionState state = transactionOn(connection);
    if (state != null && state != TransactionState.IDLE) {
      throw new IllegalStateException(
          "the DataSource gives one that is in a transaction; make Qg from the pool itself and not"
              + " from a transaction-aware proxy of it, and enqueue within a transaction by"
              + " qg.enqueue(ctx, job)");
    }
  }

  /** What the server has told of its transaction with its last answer; null if it is not known. */
  static @Nullable TransactionState transactionOn(Connection connection) throws SQLException {
    return connection.isWrapperFor(BaseConnection.class)
        ? connection.unwrap(BaseConnection.class).getTransactionState()
        : null;
  }

  /** Runs something on a connection whose statements commit by themselves. */
  public <T> T call(Function<Connection, T> work) {
    try (Borrowed borrowed = borrow()) {
      return borrowed.call(work);
    }
  }

  /** The same for what has no result. */
  void use(Consumer<Connection> work) {
    try (Borrowed borrowed = borrow()) {
      borrowed.call(
          connection -> {
            work.accept(connection);
            return true;
          });
    }
  }

  /**
   * Whether what is done on the connection is part of a transaction that others end. One that was
   * begun by SQL leaves auto-commit on: only the driver, or else the server, knows of it.
   */
  public static boolean isInTransaction(Connection connection, Statements sql) {
    try {
      if (!connection.getAutoCommit()) {
        return true;
      }
      TransactionState state = transactionOn(connection);
      return state == null
          ? sql.probeTransaction().execute(connection)
          : state != TransactionState.IDLE;
    } catch (SQLException e) {
      throw new DataAccessException("Can't tell whether the connection is in a transaction", e);
    }
  }

  /** Runs something in the transaction of the connection, or in one of its own if there is none. */
  public static <T> T inTransaction(
      Connection connection, Statements sql, Function<Connection, T> work) {
    if (isInTransaction(connection, sql)) {
      return work.apply(connection);
    }
    OwnTransaction transaction = new OwnTransaction(connection);
    try {
      transaction.begin();
      T result = work.apply(connection);
      transaction.commit();
      return result;
    } catch (Throwable t) {
      transaction.rollbackAfter(t);
      throw t;
    }
  }

  /** A connection that goes back to where it came from, as it was, and once only. */
  static final class Borrowed implements AutoCloseable {

    // Made beforehand, as to make them needs memory.
    private static final Consumer<Borrowed> END = Borrowed::end;
    private static final Executor HERE = Runnable::run;

    private final Connection connection;
    private final boolean autoCommit;
    private final Runnable returned;

    /** Against the user of an abandoned one, who gives it back as well when that returns. */
    private final AtomicBoolean back = new AtomicBoolean();

    /** Written by whoever ends the session, read by whoever gives the connection back. */
    private volatile boolean ended;

    /**
     * @param returned called before it goes back
     */
    Borrowed(Connection connection, boolean autoCommit, Runnable returned) {
      this.connection = connection;
      this.autoCommit = autoCommit;
      this.returned = returned;
    }

    Connection connection() {
      return connection;
    }

    /** Uses it; where that is broken off, nobody else gets it alive. */
    <T> T call(Function<Connection, T> work) {
      try {
        return work.apply(connection);
      } catch (Throwable t) {
        if (JvmErrors.areIn(t)) {
          abort();
        }
        throw t;
      }
    }

    /**
     * Ends its session on the server, with its transaction and its locks, for certain: alive, it
     * would go back to where others get their connections. From any thread.
     */
    void abort() {
      NoMemory.surely(this, END);
    }

    private void end() {
      try {
        connection.abort(HERE);
        ended = true;
      } catch (SQLException | RuntimeException e) {
        log.atWarn()
            .addKeyValue("event", "abort_failed")
            .setCause(e)
            .log("A session could not be ended");
      }
    }

    /**
     * Ends its session and gives the connection back, though another thread uses it, which may
     * never return. If the session can't be ended, the connection stays with that thread: alive, it
     * must not have two users.
     */
    void abandon() {
      abort();
      if (ended) {
        close();
      }
    }

    /**
     * Gives it back. What fails here is that the session was ended: this neither takes back what
     * was done on it, nor must it hide another failure. A transaction that was neither committed
     * nor undone is undone by the end of its session: to set auto-commit on would commit it.
     */
    @Override
    public void close() {
      if (!back.compareAndSet(false, true)) {
        return;
      }
      try (connection) {
        returned.run();
        if (!connection.getAutoCommit()) {
          abort();
        }
        // Asked for the pool as well, which learns by a call that fails that a session was ended.
        if (connection.getAutoCommit() != autoCommit) {
          connection.setAutoCommit(autoCommit);
        }
      } catch (SQLException | RuntimeException e) {
        log.atDebug()
            .addKeyValue("event", "session_ended")
            .setCause(e)
            .log("A connection goes back that was ended");
      }
    }
  }
}
