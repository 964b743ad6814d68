package dev.qg.internal.work;

import dev.qg.internal.sql.DriverErrors;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * A part of a caller's transaction, which alone can be undone; to commit is the caller's.
 *
 * <p>Its statements are texts: JDBC refuses savepoints in auto-commit mode, also in a transaction
 * that was begun by SQL, and jOOQ's methods for them return other types since 3.20. Each has a name
 * of its own: one of the same name would hide the outer one.
 */
final class SavepointTransaction implements JobTransaction {

  private static final AtomicLong COUNT = new AtomicLong();

  private final Connection connection;
  private final String name = "qg_" + COUNT.incrementAndGet();
  private boolean open;

  SavepointTransaction(Connection connection) {
    this.connection = connection;
  }

  @Override
  public <T> T call(Function<Connection, T> statement) {
    return statement.apply(connection);
  }

  /** Fails if a statement has failed in the transaction. */
  static void probe(Connection connection) throws SQLException {
    execute(connection, "savepoint qg_probe; release savepoint qg_probe");
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public Connection begin() {
    if (!open) {
      try {
        execute(connection, "savepoint " + name);
        open = true;
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't set a savepoint", e);
      }
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
        execute(connection, "release savepoint " + name);
        open = false;
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't release a savepoint", e);
      }
    }
  }

  @Override
  public void rollback() {
    if (open) {
      try {
        execute(connection, "rollback to savepoint " + name);
        open = false;
      } catch (SQLException e) {
        throw DriverErrors.failure("Can't roll back to a savepoint", e);
      }
    }
  }
}
