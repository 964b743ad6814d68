package dev.qg.internal.work;

import dev.qg.internal.sql.DriverErrors;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A part of a caller's transaction, which alone can be undone; to commit is the caller's. */
final class SavepointTransaction implements JobTransaction {

  private final Connection connection;
  private @Nullable Savepoint savepoint;

  SavepointTransaction(Connection connection) {
    this.connection = connection;
  }

  @Override
  public <T> T call(Function<Connection, T> statement) {
    return statement.apply(connection);
  }

  @Override
  public Connection begin() {
    if (savepoint == null) {
      try {
        savepoint = connection.setSavepoint();
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't set a savepoint", e);
      }
    }
    return connection;
  }

  @Override
  public boolean isOpen() {
    return savepoint != null;
  }

  @Override
  public void commit() {
    if (savepoint != null) {
      try {
        connection.releaseSavepoint(savepoint);
        savepoint = null;
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't release a savepoint", e);
      }
    }
  }

  @Override
  public void rollback() {
    if (savepoint != null) {
      try {
        connection.rollback(savepoint);
        savepoint = null;
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't roll back to a savepoint", e);
      }
    }
  }
}
