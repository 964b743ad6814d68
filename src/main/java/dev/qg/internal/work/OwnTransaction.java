package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/** A transaction on a connection of our own, which otherwise commits each statement. */
final class OwnTransaction implements JobTransaction {

  private final Connection connection;
  private final @Nullable Predicate<JobKey> deletion;
  private boolean open;

  OwnTransaction(Connection connection) {
    this(connection, null);
  }

  /**
   * @param deletion deletes a job for good while the transaction is not open; or null, where that
   *     takes no more than the statement
   */
  OwnTransaction(Connection connection, @Nullable Predicate<JobKey> deletion) {
    this.connection = connection;
    this.deletion = deletion;
  }

  @Override
  public boolean deleteLast(Statements sql, JobKey key) {
    return (open || deletion == null)
        ? JobTransaction.super.deleteLast(sql, key)
        : deletion.test(key);
  }

  @Override
  public <T> T call(Function<Connection, T> statement) {
    return statement.apply(connection);
  }

  @Override
  public Connection begin() {
    if (!open) {
      try {
        connection.setAutoCommit(false);
      } catch (SQLException e) {
        throw new DataAccessException("Can't begin a transaction: " + e.getMessage(), e);
      }
      open = true;
    }
    return connection;
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
        throw new DataAccessException("Can't commit: " + e.getMessage(), e);
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
        throw new DataAccessException("Can't roll back: " + e.getMessage(), e);
      }
    }
  }

  private void end() throws SQLException {
    connection.setAutoCommit(true);
    open = false;
  }
}
