package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.generateSeries;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.SQLDataType;

/**
 * Takes ids from the table's sequence for jobs that are inserted by statements that can't return
 * them in order.
 *
 * <pre>{@code
 * select nextval((select cast(pg_get_serial_sequence('"que_jobs"', 'job_id') as regclass)))
 * from generate_series(1, ?)
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none. <b>Concurrency</b>: a sequence never gives the same
 * number twice; those of a transaction that rolls back are lost, as with any insert.
 */
final class TakeIds {

  private static final Param<Integer> COUNT = param("count", SQLDataType.INTEGER);

  private final Rendered statement;

  TakeIds(Renderer renderer) {
    statement = renderer.render(query(renderer.table(QUE_JOBS)), COUNT);
  }

  static Query query(String table) {
    // Within a scalar subquery, the name of the sequence is looked up once and not for each number.
    return select(
            Functions.nextval(
                field(
                    select(
                        Functions.serialSequence(
                            table, QUE_JOBS.JOB_ID.getUnqualifiedName().last())))))
        .from(generateSeries(inline(1), COUNT));
  }

  /**
   * Takes so many ids, in ascending order.
   *
   * @throws DataAccessException also if no sequence belongs to the column, as in a table that was
   *     copied by hand
   */
  public List<Long> execute(Connection connection, int count) {
    return statement.query(connection, TakeIds::id, count);
  }

  private static long id(ResultSet row) throws SQLException {
    long id = row.getLong(1);
    if (row.wasNull()) {
      throw new DataAccessException(
          "The column job_id of que_jobs owns no sequence to take ids from: make the sequence of"
              + " its default value owned by it");
    }
    return id;
  }
}
