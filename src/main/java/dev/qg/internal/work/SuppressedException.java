package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import org.jooq.exception.DataAccessException;

/**
 * The end of a job hit no row, although the row is there: something hides or keeps it. Nothing is
 * written then. Without this, such a job would look as if it were lost to another worker.
 */
final class SuppressedException extends DataAccessException {

  private static final long serialVersionUID = 1L;

  private SuppressedException(JobRow row) {
    super(
        "The row of "
            + row
            + " is there, but the statement that ends the job did not change it: a trigger, a"
            + " policy, a role or a search_path keeps or hides it, or its handler has changed it");
  }

  /**
   * Tells a job whose end hit no row from one that is lost.
   *
   * @param connection one on which the end is not written, or undone
   * @throws SuppressedException if the row is there
   */
  static void requireLost(Connection connection, Statements sql, JobRow row) {
    if (sql.readJobHead().finds(connection, row.key())) {
      throw new SuppressedException(row);
    }
  }
}
