package dev.qg.internal.sql;

import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import org.jooq.Query;
import org.jooq.Table;

/**
 * Tells whether a table is there, before anything depends on it.
 *
 * <pre>{@code
 * select (to_regclass('"que_jobs"') is not null)
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none of ours. <b>Concurrency</b>: none to speak of.
 */
public final class FindTable {

  private final Rendered statement;

  FindTable(Renderer renderer, Table<?> table) {
    statement = renderer.render(query(renderer.table(table)));
  }

  static Query query(String table) {
    return select(Functions.oidOf(table).isNotNull());
  }

  /** Whether the table is there, in the schema that was set or on the search path. */
  public boolean execute(Connection connection) {
    return statement.query(connection, row -> row.getBoolean(1)).get(0);
  }
}
