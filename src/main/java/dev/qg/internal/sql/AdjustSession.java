package dev.qg.internal.sql;

import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.SQLDataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adjusts a session to what it is used for, until it is given back.
 *
 * <p>One that is held for long, with the locks of jobs: the server is to notice within seconds that
 * its client's host is gone, no time-out of others is to end it, and a statement that takes too
 * long is to fail before its client gives the whole session up, with all it holds. One that writes:
 * a row that somebody else has locked is not to keep the others waiting for long.
 *
 * <pre>{@code
 * select current_setting(?, true), set_config(?, ?, false) where current_setting(?, true) is not null
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none. <b>Concurrency</b>: it must be outside of a
 * transaction, whose rollback would undo it. A setting that the server does not know (two are of
 * PostgreSQL 14, one of 17) or can't do on its platform stays as it is.
 */
public final class AdjustSession {

  /** A setting, with its value in the unit that the server has for it. */
  record Setting(String name, String value) {}

  static final List<Setting> TO_HOLD =
      List.of(
          // A silent client is asked after 5 s, and given up after three questions 2 s apart.
          new Setting("tcp_keepalives_idle", "5"),
          new Setting("tcp_keepalives_interval", "2"),
          new Setting("tcp_keepalives_count", "3"),
          // The same for a client that doesn't acknowledge what it is sent.
          new Setting("tcp_user_timeout", "10000"),
          // Also while a statement runs, which else is noticed at its end only.
          new Setting("client_connection_check_interval", "5000"),
          new Setting("idle_session_timeout", "0"),
          // Of PostgreSQL 17, for each statement as well: it would end the session.
          new Setting("transaction_timeout", "0"),
          // Sooner than the client, which would give the session up and the locks with it.
          new Setting("statement_timeout", "20000"),
          new Setting("lock_timeout", "20000"));

  static final List<Setting> TO_WRITE = List.of(new Setting("lock_timeout", "1000"));

  /** What is locked by others at this moment is left for another time. */
  static final List<Setting> TO_WRITE_WHAT_IS_FREE = List.of(new Setting("lock_timeout", "10"));

  /** There is no such setting, it can't have that value here, or the role may not. */
  private static final Set<String> TOLERATED = Set.of("42704", "22023", "42501");

  private static final Param<String> NAME = param("name", SQLDataType.CLOB);
  private static final Param<String> VALUE = param("value", SQLDataType.CLOB);

  private static final Logger log = LoggerFactory.getLogger(AdjustSession.class);

  private final Rendered statement;
  private final List<Setting> settings;

  AdjustSession(Renderer renderer, List<Setting> settings) {
    this.statement = renderer.render(query(), NAME, VALUE);
    this.settings = settings;
  }

  static Query query() {
    Field<String> before = function("current_setting", SQLDataType.CLOB, NAME, inline(true));
    Field<String> after = function("set_config", SQLDataType.CLOB, NAME, VALUE, inline(false));
    // The server evaluates them from left to right.
    return select(before, after).where(before.isNotNull());
  }

  /**
   * Makes the settings.
   *
   * @return what they were before, to be given to {@link #release}
   */
  public Map<String, String> execute(Connection session) {
    Map<String, String> before = new LinkedHashMap<>();
    for (Setting setting : settings) {
      set(session, setting.name(), setting.value())
          .forEach(value -> before.put(setting.name(), value));
    }
    return before;
  }

  /** Brings back what the session had before, so that it leaves as it came. */
  public void release(Connection session, Map<String, String> before) {
    before.forEach((name, value) -> set(session, name, value));
  }

  /** Sets it, and tells what it was before; nothing if it can't be set. */
  private List<String> set(Connection session, String name, String value) {
    try {
      return statement.query(session, row -> row.getString(1), name, value);
    } catch (DataAccessException e) {
      if (!TOLERATED.contains(e.sqlState())) {
        throw e;
      }
      log.atDebug()
          .addKeyValue("event", "setting_refused")
          .addKeyValue("setting", name)
          .setCause(e)
          .log("The server can't set {} to {}", name, value);
      return List.of();
    }
  }
}
