package dev.qg.internal.work;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import org.jooq.exception.DataAccessException;

/** A transaction on a connection of our own, which otherwise commits each statement. */
final class OwnTransaction implements JobTransaction {

  private final Connection connection;
  private boolean open;

  OwnTransaction(Connection connection) {
    this.connection = connection;
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
