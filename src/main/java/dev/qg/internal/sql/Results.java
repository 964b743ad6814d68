package dev.qg.internal.sql;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** What several statements have come to that were sent together, one after the other. */
final class Results {

  private final PreparedStatement statement;

  private Results(PreparedStatement statement) {
    this.statement = statement;
  }

  /** Runs what was prepared. */
  static Results of(PreparedStatement statement) throws SQLException {
    statement.execute();
    return new Results(statement);
  }

  /** The rows of the next statement, which must have some or none. */
  <T> List<T> rows(Rendered.RowReader<T> reader) throws SQLException {
    List<T> rows;
    try (ResultSet result = statement.getResultSet()) {
      rows = Rendered.read(result, reader);
    }
    statement.getMoreResults();
    return rows;
  }

  /** Passes over what the next statement comes to. */
  void skip() throws SQLException {
    statement.getMoreResults();
  }

  /** How many rows the next statement hit. */
  int count() throws SQLException {
    int count = statement.getUpdateCount();
    statement.getMoreResults();
    return count;
  }
}
