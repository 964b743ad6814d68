package dev.qg.internal.sql;

import static java.util.stream.Collectors.toSet;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** The rows of jobs as the engine has them: read again by their keys. */
final class Rows {

  private Rows() {}

  /** Those of all jobs, by their ids. */
  static List<JobRow> all(Connection connection) throws SQLException {
    List<JobKey> keys = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("select queue, priority, run_at, job_id from que_jobs")) {
      while (row.next()) {
        keys.add(JobKey.read(row));
      }
    }
    List<JobRow> rows = new ArrayList<>();
    KeyArrays.byQueue(keys, key -> key)
        .forEach(
            (queue, some) ->
                rows.addAll(
                    Statements.of(null)
                        .rereadJobs()
                        .execute(connection, queue, some, Integer.MAX_VALUE)
                        .rows()));
    rows.sort(Comparator.comparingLong(row -> row.key().id()));
    return rows;
  }

  static Set<Long> ids(List<JobRow> rows) {
    return rows.stream().map(row -> row.key().id()).collect(toSet());
  }
}
