package dev.qg.internal.sql;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import org.jooq.Param;
import org.jooq.impl.SQLDataType;

/**
 * Asks the server whether a connection in auto-commit mode is in a transaction that was begun by
 * SQL. It makes a setting that ends with the transaction; a second statement sees that setting in
 * the same transaction only. Neither fails outside of a transaction, nor changes anything.
 *
 * <pre>{@code
 * select set_config('qg.in_transaction', 'on', true)
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none, it reads no table. <b>Concurrency</b>: the setting is
 * the session's own.
 */
public final class ProbeTransaction {

  private static final Param<String> SETTING = inline("qg.in_transaction");

  private final Rendered mark;
  private final Rendered look;

  ProbeTransaction(Renderer renderer) {
    mark = renderer.render(select(Functions.withSetting(SETTING, inline("on"))));
    look =
        renderer.render(
            select(
                field(
                    function("current_setting", SQLDataType.CLOB, SETTING, inline(true))
                        .eq(inline("on")))));
  }

  /** Whether both of its statements are of one transaction. */
  public boolean execute(Connection connection) {
    mark(connection);
    return look(connection);
  }

  void mark(Connection connection) {
    mark.query(connection, row -> row.getString(1));
  }

  boolean look(Connection connection) {
    return look.query(connection, row -> row.getBoolean(1)).get(0);
  }
}
