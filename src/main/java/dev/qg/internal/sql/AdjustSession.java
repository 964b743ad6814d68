package dev.qg.internal.sql;

import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.noCondition;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;

import dev.qg.internal.concurrent.Timings;
import java.sql.Connection;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adjusts a session to what it is used for.
 *
 * <p>One on which a job is worked: the server is to notice within seconds that its client's host is
 * gone, unless somebody has set when it does. One that is held for long, with the locks of many
 * jobs: that at any rate, and no time-out of others is to end it, and a statement that takes too
 * long is to fail before its client gives the whole session up, with all it holds. One that writes:
 * a row that somebody else has locked is not to keep the others waiting for long. Each that runs
 * our statements: they are planned as they are by default, whatever an application has set to bend
 * the plans of its own.
 *
 * <pre>{@code
 * select "setting"."name", current_setting("setting"."name", true),
 *     set_config("setting"."name", "setting"."value", false)
 * from (select unnest(cast(? as text[])) as "name", unnest(cast(? as text[])) as "value") as "setting"
 * where current_setting("setting"."name", true) is not null
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none. <b>Concurrency</b>: it must be outside of a
 * transaction, whose rollback would undo it. A setting that the server does not know (two are of
 * PostgreSQL 14, one of 17) or can't do on its platform stays as it is. All of them take one round
 * trip, or one each where the server refuses one.
 */
public final class AdjustSession {

  /** A setting, with its value in the unit that the server has for it. */
  record Setting(String name, String value) {}

  private static final List<Setting> WATCHED =
      List.of(
          // A silent client is asked after 5 s, and given up after three questions 2 s apart.
          new Setting("tcp_keepalives_idle", "5"),
          new Setting("tcp_keepalives_interval", "2"),
          new Setting("tcp_keepalives_count", "3"),
          // Also while a statement runs, which else is noticed at its end only.
          new Setting("client_connection_check_interval", "5000"));

  /**
   * Without these plans, a look for jobs reads the whole table, or is compiled each time: up to
   * PostgreSQL 17, {@code enable_nestloop} makes it look costly enough for that. Other settings of
   * the planner don't matter to our statements.
   */
  static final List<Setting> TO_PLAN =
      List.of(
          new Setting("enable_nestloop", "on"),
          new Setting("enable_indexscan", "on"),
          new Setting("enable_tidscan", "on"),
          new Setting("jit_above_cost", "100000"));

  /**
   * A stricter level gains nothing here, and fails what the others' transactions make impossible to
   * put in an order.
   */
  private static final Setting ISOLATION =
      new Setting("default_transaction_isolation", "read committed");

  /** Of an application, which may read slowly: that looks as if it were gone. */
  static final List<Setting> TO_WORK =
      concat(WATCHED, List.of(new Setting("tcp_user_timeout", "20000")));

  static final List<Setting> TO_HOLD =
      concat(
          concat(WATCHED, TO_PLAN),
          List.of(
              ISOLATION,
              // As that of a silent one, for a client that doesn't acknowledge what it is sent.
              new Setting("tcp_user_timeout", "10000"),
              new Setting("idle_session_timeout", "0"),
              // For each statement as well: it would end the session.
              new Setting("transaction_timeout", "0"),
              millis("statement_timeout", Timings.STATEMENT_TIMEOUT_TO_HOLD),
              millis("lock_timeout", Timings.LOCK_TIMEOUT_TO_HOLD)));

  static final List<Setting> TO_WRITE =
      concat(TO_PLAN, List.of(ISOLATION, millis("lock_timeout", Timings.LOCK_TIMEOUT_TO_WRITE)));

  /** What is locked by others at this moment is left for another time. */
  static final List<Setting> TO_WRITE_WHAT_IS_FREE =
      List.of(millis("lock_timeout", Timings.LOCK_TIMEOUT_WHERE_FREE));

  /** There is no such setting, it can't have that value here, or the role may not. */
  private static final Set<String> TOLERATED = Set.of("42704", "22023", "42501");

  private static final Param<String[]> NAMES = param("names", SQLDataType.CLOB.array());
  private static final Param<String[]> VALUES = param("values", SQLDataType.CLOB.array());

  private static final Name PG_SETTINGS = DSL.name("pg_settings");
  private static final Field<String> SOURCE = field(DSL.name("source"), SQLDataType.CLOB);
  private static final Name SETTING = DSL.name("setting");
  private static final Field<String> NAME = field(DSL.name("name"), SQLDataType.CLOB);
  private static final Field<String> VALUE = field(DSL.name("value"), SQLDataType.CLOB);

  private static final Logger log = LoggerFactory.getLogger(AdjustSession.class);

  private final Rendered statement;
  private final List<Setting> settings;

  AdjustSession(Renderer renderer, List<Setting> settings) {
    this(renderer, settings, noCondition());
  }

  private AdjustSession(Renderer renderer, List<Setting> settings, Condition which) {
    this.statement = renderer.render(query(which), NAMES, VALUES);
    this.settings = settings;
  }

  /**
   * One that leaves alone what anybody has set, in the server, for a role, in the URL or on the
   * session. There, also what was set and brought back counts as set, such as by {@link #release}.
   */
  static AdjustSession unlessSet(Renderer renderer, List<Setting> settings) {
    return new AdjustSession(
        renderer,
        settings,
        Functions.column(SETTING, NAME)
            .eq(
                any(
                    select(Functions.column(PG_SETTINGS, NAME))
                        .from(table(DSL.name("pg_catalog").append(PG_SETTINGS)))
                        .where(Functions.column(PG_SETTINGS, SOURCE).eq(inline("default"))))));
  }

  private static List<Setting> concat(List<Setting> some, List<Setting> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  private static Setting millis(String name, Duration value) {
    return new Setting(name, String.valueOf(value.toMillis()));
  }

  private static Query query(Condition which) {
    Field<String> name = Functions.column(SETTING, NAME);
    Field<String> before = function("current_setting", SQLDataType.CLOB, name, inline(true));
    Field<String> after =
        function(
            "set_config", SQLDataType.CLOB, name, Functions.column(SETTING, VALUE), inline(false));
    // The server evaluates them from left to right.
    return select(name, before, after)
        .from(
            select(
                    Functions.unnest(NAMES, SQLDataType.CLOB).as(NAME),
                    Functions.unnest(VALUES, SQLDataType.CLOB).as(VALUE))
                .asTable(SETTING))
        .where(before.isNotNull())
        .and(which);
  }

  /**
   * Makes the settings.
   *
   * @return what they were before, to be given to {@link #release}
   */
  public Map<String, String> execute(Connection session) {
    return set(session, settings);
  }

  /** Whether the session had other settings before than these. */
  public boolean changes(Map<String, String> before) {
    return settings.stream()
        .anyMatch(
            setting ->
                !setting.value().equals(before.getOrDefault(setting.name(), setting.value())));
  }

  /** Brings back what the session had before, so that it leaves as it came. */
  public void release(Connection session, Map<String, String> before) {
    set(
        session,
        before.entrySet().stream()
            .map(entry -> new Setting(entry.getKey(), entry.getValue()))
            .toList());
  }

  /** Makes them together, or where that is refused, those that are not. */
  private Map<String, String> set(Connection session, List<Setting> some) {
    try {
      Map<String, String> before = new LinkedHashMap<>();
      statement.query(
          session,
          row -> before.put(row.getString(1), row.getString(2)),
          some.stream().map(Setting::name).toArray(String[]::new),
          some.stream().map(Setting::value).toArray(String[]::new));
      return before;
    } catch (DataAccessException e) {
      if (!TOLERATED.contains(e.sqlState())) {
        throw e;
      }
      if (some.size() == 1) {
        refused(some.get(0), e);
        return Map.of();
      }
      Map<String, String> before = new LinkedHashMap<>();
      some.forEach(setting -> before.putAll(set(session, List.of(setting))));
      return before;
    }
  }

  private static void refused(Setting setting, DataAccessException cause) {
    log.atDebug()
        .addKeyValue("event", "setting_refused")
        .addKeyValue("setting", setting.name())
        .setCause(cause)
        .log("The server can't set {} to {}", setting.name(), setting.value());
  }
}
