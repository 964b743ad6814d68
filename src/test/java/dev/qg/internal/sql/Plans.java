package dev.qg.internal.sql;

import static java.util.stream.Collectors.joining;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What the planner makes of the SQL that our statements send, with plans of either kind. */
final class Plans {

  /** A statement as sent, the types of its question marks, and a value for each. */
  record Query(String sql, List<String> types, List<String> values) {}

  private Plans() {}

  /** A million jobs or fewer, all of one queue and due, with priorities in no order. */
  static void load(Connection connection, int jobs) throws SQLException {
    // Nothing is to look at the table behind the test's back.
    execute(connection, "alter table que_jobs set (autovacuum_enabled = false)");
    execute(
        connection,
        "insert into que_jobs (priority, run_at, job_class)"
            + " select 1 + i * 7919::bigint % 200, now() - i * interval '1 s', 'A'"
            + " from generate_series(1, "
            + jobs
            + ") i");
  }

  /**
   * Tells the plan.
   *
   * @param mode of {@code plan_cache_mode}: force_custom_plan or force_generic_plan
   */
  static String explain(Connection connection, String mode, Query query) throws SQLException {
    execute(connection, "set plan_cache_mode = " + mode);
    execute(
        connection,
        "prepare explained (" + String.join(", ", query.types()) + ") as " + numbered(query.sql()));
    List<String> lines = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                query.values().stream()
                    .collect(joining(", ", "explain execute explained (", ")")))) {
      while (rows.next()) {
        lines.add(rows.getString(1));
      }
    }
    execute(connection, "deallocate explained");
    return String.join("\n", lines);
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  static String numbered(String sql) {
    StringBuilder numbered = new StringBuilder();
    int count = 0;
    for (String part : sql.split("\\?", -1)) {
      numbered.append(count == 0 ? "" : "$" + count).append(part);
      count++;
    }
    return numbered.toString();
  }
}
