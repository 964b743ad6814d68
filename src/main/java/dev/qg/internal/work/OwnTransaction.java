package dev.qg.internal.work;

import dev.qg.internal.sql.DriverErrors;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.TransactionState;

/** A transaction on a connection of our own, which otherwise commits each statement. */
final class OwnTransaction implements JobTransaction {

  private final Connection connection;
  private final @Nullable Predicate<JobKey> deletion;
  private final boolean byHand;
  private final Runnable endSession;
  private boolean open;

  /** Whether anything was sent: an answer may be half read. */
  private boolean used;

  /** Whether the server was seen in it: the driver begins it with the first statement. */
  private boolean seen;

  OwnTransaction(Connection connection) {
    this(connection, null, false, () -> {});
  }

  /**
   * @param deletion deletes a job for good while the transaction is not open; or null, where that
   *     takes no more than the statement
   * @param byHand whether others may end it, too
   * @param endSession ends the session, where an answer may be half read
   */
  OwnTransaction(
      Connection connection,
      @Nullable Predicate<JobKey> deletion,
      boolean byHand,
      Runnable endSession) {
    this.connection = connection;
    this.deletion = deletion;
    this.byHand = byHand;
    this.endSession = endSession;
  }

  @Override
  public boolean deleteLast(Statements sql, JobKey key) {
    used = true;
    return (open || deletion == null)
        ? JobTransaction.super.deleteLast(sql, key)
        : deletion.test(key);
  }

  @Override
  public <T> T call(Function<Connection, T> statement) {
    used = true;
    requireUnended();
    return statement.apply(connection);
  }

  @Override
  public Connection begin() {
    used = true;
    if (!open) {
      try {
        connection.setAutoCommit(false);
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't begin a transaction", e);
      }
      open = true;
    }
    requireUnended();
    return connection;
  }

  /**
   * Fails if somebody has ended it by SQL, which the connection can't refuse: what was written so
   * far is committed or undone, and the deletion must not be of another transaction.
   */
  private void requireUnended() {
    if (!open || byHand) {
      return;
    }
    TransactionState state = state();
    if (seen && state == TransactionState.IDLE) {
      throw new IllegalStateException(
          "The job's transaction was ended by SQL, such as COMMIT or ROLLBACK: a handler must leave"
              + " that to its worker, which does it together with the job's deletion");
    }
    seen |= state != null && state != TransactionState.IDLE;
  }

  private @Nullable TransactionState state() {
    try {
      return Connections.transactionOn(connection);
    } catch (SQLException e) {
      // It is closed, of which the next statement tells more.
      return null;
    }
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  @Override
  public void commit() {
    if (open) {
      try {
        connection.commit();
        end();
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't commit", e);
      }
    }
  }

  @Override
  public void rollback() {
    if (open) {
      try {
        connection.rollback();
        end();
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't roll back", e);
      }
    }
  }

  /** The failure can't be recorded on that session then, but on another one. */
  @Override
  public void doubt() {
    if (used) {
      endSession.run();
    }
  }

  private void end() throws SQLException {
    connection.setAutoCommit(true);
    open = false;
    seen = false;
  }
}
