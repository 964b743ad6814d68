package dev.qg.bench.contestant;

import java.sql.Connection;
import java.sql.SQLException;

/** A worker or a client in plain JDBC, with a connection of its own. */
abstract class Session implements AutoCloseable {

  protected final Connection connection;

  Session(Connection connection) {
    this.connection = connection;
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
