package dev.qg.internal.sql;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.generateSeries;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.least;
import static org.jooq.impl.DSL.select;

import java.time.Duration;
import java.time.OffsetDateTime;
import org.jooq.Condition;
import org.jooq.DataType;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.impl.DefaultDataType;
import org.jooq.impl.SQLDataType;

/** Functions of PostgreSQL that the DSL has no word for. */
final class Functions {

  private static final DataType<String> REGCLASS =
      new DefaultDataType<>(SQLDialect.POSTGRES, String.class, "regclass");

  private Functions() {}

  /** The database's clock, which alone decides what is due. */
  static Field<OffsetDateTime> now() {
    return function("now", SQLDataType.TIMESTAMPWITHTIMEZONE);
  }

  /** The same clock at this moment, and not at the beginning of the transaction. */
  static Field<OffsetDateTime> clock() {
    return function("clock_timestamp", SQLDataType.TIMESTAMPWITHTIMEZONE);
  }

  /** Tries the advisory lock that Ruby's Que, que-go and qg take for the same job. */
  static Field<Boolean> tryAdvisoryLock(Field<Long> jobId) {
    return function("pg_try_advisory_lock", SQLDataType.BOOLEAN, jobId);
  }

  static Field<Boolean> advisoryUnlock(Field<Long> jobId) {
    return function("pg_advisory_unlock", SQLDataType.BOOLEAN, jobId);
  }

  /** A point in time, so many seconds later. */
  static Field<OffsetDateTime> later(Field<OffsetDateTime> time, Field<Double> seconds) {
    Field<Integer> none = inline(0);
    return time.plus(
        function(
            "make_interval", SQLDataType.INTERVAL, none, none, none, none, none, none, seconds));
  }

  /** One more, but no more than an integer holds. */
  static Field<Integer> oneMore(Field<Integer> errorCount) {
    return least(errorCount, inline(Integer.MAX_VALUE - 1)).plus(inline(1));
  }

  /** The column of that name, of a table that only the statement itself knows. */
  static <T> Field<T> column(Name table, Field<T> column) {
    return field(table.append(column.getUnqualifiedName()), column.getDataType());
  }

  /** A duration as {@link #later} takes it. */
  static double seconds(Duration duration) {
    return duration.getSeconds() + duration.getNano() / 1e9;
  }

  /** The elements of an array as rows; several in one select list run in step. */
  static <T> Field<T> unnest(Field<T[]> array, DataType<T> elementType) {
    return function("unnest", elementType, array);
  }

  /** The number of the server's process that runs the statement. */
  static Field<Integer> backendPid() {
    return function("pg_backend_pid", SQLDataType.INTEGER);
  }

  static Field<Long> nextval(Field<String> sequence) {
    return function("nextval", SQLDataType.BIGINT, sequence);
  }

  /**
   * One row, which the planner takes for a thousand, since it can't see through the subquery.
   * Joined with the jobs of a range, it makes the planner believe that there are many more than it
   * is asked for, so that it reads them in the order of the index whatever it knows of the table.
   * Else a plan made while the table is empty, which a session keeps, reads and sorts the whole
   * table once there are a million jobs.
   */
  static Table<?> oneThatLooksLikeMany() {
    return generateSeries(inline(1), field(select(inline(1))));
  }

  /** What a setting is now. */
  static Field<String> setting(Field<String> name) {
    return function("current_setting", SQLDataType.CLOB, name);
  }

  /** Whether the transaction may write; not on a standby, say, where locks keep nobody away. */
  static Condition writable() {
    return setting(inline("transaction_read_only")).eq(inline("off"));
  }

  /** Makes a setting for the rest of the transaction, and is its value. */
  static Field<String> withSetting(Field<String> name, Field<String> value) {
    return function("set_config", SQLDataType.CLOB, name, value, inline(true));
  }

  /** What an oid of a table or a sequence names. */
  static Field<String> regclass(Field<Long> oid) {
    return oid.cast(REGCLASS);
  }

  /** The sequence that belongs to the column. */
  static Field<String> serialSequence(String table, String column) {
    return function("pg_get_serial_sequence", SQLDataType.CLOB, inline(table), inline(column))
        .cast(REGCLASS);
  }

  /** The oid of the table of that name, which must be there: the server's error names it if not. */
  static Field<Long> oidOfExisting(String table) {
    return inline(table).cast(REGCLASS).coerce(SQLDataType.BIGINT);
  }

  /** The oid of the table of that name, or null where there is none. */
  static Field<Long> oidOf(String table) {
    return function("to_regclass", SQLDataType.BIGINT, inline(table));
  }
}
