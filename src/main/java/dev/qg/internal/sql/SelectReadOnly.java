package dev.qg.internal.sql;

import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Tells whether nothing can be written on a session: its server is a standby, or that is turned off
 * there. Jobs can be locked all the same, and on a standby that keeps nobody else from them.
 *
 * <pre>{@code
 * select current_setting('transaction_read_only')
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none, it reads no table. <b>Concurrency</b>: it is true of
 * the moment; whoever goes by it must bear that a later statement is refused.
 */
public final class SelectReadOnly {

  private final Rendered statement;

  SelectReadOnly(Renderer renderer) {
    statement = renderer.render(query());
  }

  static Query query() {
    return select(function("current_setting", SQLDataType.CLOB, inline("transaction_read_only")));
  }

  /** Whether a statement that writes would be refused. */
  public boolean execute(Connection session) {
    return statement.query(session, row -> row.getString(1)).contains("on");
  }
}
