package dev.qg.internal.sql;

import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.sql.SQLException;
import org.jooq.Query;
import org.jooq.exception.DataAccessException;
import org.postgresql.PGConnection;

/**
 * Tells which of the server's processes runs the statements of a connection: as long as the
 * connection is a session of its own, that is one and the same.
 *
 * <pre>{@code
 * select pg_backend_pid()
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none. <b>Concurrency</b>: behind a pooler that gives a
 * session for a transaction only, the next statement may be run by another one. There it must not
 * be prepared.
 */
public final class SelectBackend {

  private final Rendered statement;

  SelectBackend(Renderer renderer) {
    statement = renderer.renderUnprepared(query());
  }

  static Query query() {
    return select(Functions.backendPid());
  }

  /** Tells the number of the process that has run this. */
  public int execute(Connection connection) {
    return statement.query(connection, row -> row.getInt(1)).get(0);
  }

  /**
   * Whether that is the one that the driver was given when it connected, with nothing in between. A
   * pooler gives a number of its own. Where something hides the driver's connection, nothing is
   * known.
   */
  public boolean isDrivers(Connection connection) {
    int runner = execute(connection);
    try {
      return connection.isWrapperFor(PGConnection.class)
          && connection.unwrap(PGConnection.class).getBackendPID() == runner;
    } catch (SQLException e) {
      throw new DataAccessException("Can't ask the driver for its session", e);
    }
  }
}
