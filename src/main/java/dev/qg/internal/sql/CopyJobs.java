package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jooq.exception.DataAccessException;
import org.postgresql.PGConnection;

/**
 * Inserts very many jobs that set the same columns through {@code COPY}, which is faster than any
 * insert, and in the same transaction as the caller's other statements.
 *
 * <pre>{@code
 * copy "que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args") from stdin
 * }</pre>
 *
 * <p><b>Locks</b>: none that anybody waits for. <b>Index</b>: adds to the primary key.
 * <b>Concurrency</b>: as {@link InsertJob}.
 */
final class CopyJobs {

  private final Renderer renderer;

  CopyJobs(Renderer renderer) {
    this.renderer = renderer;
  }

  /** The DSL has no word for COPY; the names in it are rendered by jOOQ. */
  String sql(EnumSet<JobColumn> columns) {
    return Stream.concat(Stream.of(QUE_JOBS.JOB_ID), columns.stream().map(JobColumn::field))
        .map(renderer::column)
        .collect(
            Collectors.joining(", ", "copy " + renderer.table(QUE_JOBS) + " (", ") from stdin"));
  }

  /** Whether the connection is one of the driver's own, which alone can copy. */
  public boolean isPossibleOn(Connection connection) {
    try {
      return connection.isWrapperFor(PGConnection.class);
    } catch (SQLException e) {
      throw new DataAccessException("Can't tell whether the connection can COPY", e);
    }
  }

  /** Inserts the jobs, each with the id at the same place, all of which set the same columns. */
  public void execute(Connection connection, List<Long> ids, List<NewJob> jobs) {
    EnumSet<JobColumn> columns = JobColumn.setBy(jobs.get(0));
    String sql = sql(columns);
    try (CopyRows rows =
        new CopyRows(connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql))) {
      for (int i = 0; i < jobs.size(); i++) {
        NewJob job = jobs.get(i);
        rows.column(ids.get(i).toString());
        for (JobColumn column : columns) {
          rows.column(column.text(job));
        }
        rows.end();
      }
      long inserted = rows.finish();
      if (inserted < jobs.size()) {
        throw BulkInsert.suppressed((int) (jobs.size() - inserted), jobs.size());
      }
    } catch (SQLException e) {
      throw renderer.errors().translate(sql, e);
    }
  }
}
