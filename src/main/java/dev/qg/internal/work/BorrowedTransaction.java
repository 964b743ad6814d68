package dev.qg.internal.work;

import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.util.function.Function;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transaction on a connection that is borrowed when it begins and given back when it ends, so
 * that many handlers share few connections. For one thread at a time, but for {@link #abandon}.
 */
final class BorrowedTransaction implements JobTransaction {

  private static final Logger log = LoggerFactory.getLogger(BorrowedTransaction.class);

  private record Open(Connections.Borrowed borrowed, OwnTransaction transaction) {}

  private final Connections connections;
  private final Statements sql;
  private final int most;

  /** Read by whoever takes it away, while the holder begins or ends it. */
  private volatile @Nullable Open open;

  /** Written before it is looked for what is open, read after a beginning has opened it. */
  private volatile boolean abandoned;

  /**
   * @param most how many connections the worker needs at most, for who has too few
   */
  BorrowedTransaction(Connections connections, Statements sql, int most) {
    this.connections = connections;
    this.sql = sql;
    this.most = most;
  }

  @Override
  public <T> T call(Function<Connection, T> statement) {
    Open current = open;
    return current == null ? connections.call(statement) : current.transaction.call(statement);
  }

  @Override
  public Connection begin() {
    Open current = open;
    if (current == null) {
      Connections.Borrowed borrowed = borrow();
      try {
        current = borrowed.call(connection -> open(borrowed, connection));
      } catch (Throwable t) {
        borrowed.close();
        throw t;
      }
      open = current;
      if (abandoned) {
        current.borrowed.abandon();
        throw new IllegalStateException("The job was taken away: it has no transaction any more");
      }
    }
    return current.transaction.begin();
  }

  private Connections.Borrowed borrow() {
    try {
      return connections.borrow();
    } catch (DataAccessException e) {
      throw new DataAccessException(
          e.getMessage()
              + "; the worker pool needs up to "
              + most
              + " connections of the DataSource, besides those of others",
          e);
    }
  }

  private Open open(Connections.Borrowed borrowed, Connection connection) {
    connections.watch(connection, sql);
    OwnTransaction transaction = new OwnTransaction(connection);
    transaction.begin();
    return new Open(borrowed, transaction);
  }

  @Override
  public boolean isOpen() {
    return open != null;
  }

  @Override
  public void commit() {
    Open current = open;
    if (current != null) {
      current.transaction.commit();
      giveBack(current);
    }
  }

  /** Undoes it, if need be by the end of its session: either way there is none afterwards. */
  @Override
  public void rollback() {
    Open current = open;
    if (current != null) {
      try {
        current.transaction.rollback();
      } catch (Throwable t) {
        // Before anything that could fail as well, where there is no memory.
        endSession();
        log.atDebug()
            .addKeyValue("event", "session_ended")
            .setCause(t)
            .log("A transaction can't be rolled back: its session is ended");
      } finally {
        giveBack(current);
      }
    }
  }

  @Override
  public void doubt() {
    endSession();
  }

  /**
   * A handler may have made the session read-only for good, which nobody resets: it must not go
   * back, or it fails each job that gets it.
   */
  @Override
  public void doubtAfter(@Nullable Throwable failure) {
    if (SqlStates.isOfReadOnlySession(failure)) {
      doubt();
    }
    JobTransaction.super.doubtAfter(failure);
  }

  /** What was open stays so for the holder: nothing of the job may be written without it. */
  @Override
  public void abandon() {
    abandoned = true;
    Open current = open;
    if (current != null) {
      current.borrowed.abandon();
    }
  }

  private void endSession() {
    Open current = open;
    if (current != null) {
      current.borrowed.abort();
    }
  }

  private void giveBack(Open current) {
    open = null;
    current.borrowed.close();
  }
}
