package dev.qg.bench.contestant;

import java.sql.Connection;
import java.sql.SQLException;

/** A worker in plain JDBC, with a connection of its own. */
abstract class Session implements Threads.One {

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
