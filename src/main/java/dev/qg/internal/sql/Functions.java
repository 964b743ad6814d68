package dev.qg.internal.sql;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.least;

import java.time.OffsetDateTime;
import org.jooq.DataType;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.SQLDialect;
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

  /** The elements of an array as rows; several in one select list run in step. */
  static <T> Field<T> unnest(Field<T[]> array, DataType<T> elementType) {
    return function("unnest", elementType, array);
  }

  static Field<Long> nextval(Field<String> sequence) {
    return function("nextval", SQLDataType.BIGINT, sequence);
  }

  /** The sequence that the column takes its default from. */
  static Field<String> serialSequence(String table, String column) {
    return function("pg_get_serial_sequence", SQLDataType.CLOB, inline(table), inline(column))
        .cast(REGCLASS);
  }

  /** The oid of the table of that name, or null where there is none. */
  static Field<String> toRegclass(String table) {
    return function("to_regclass", SQLDataType.CLOB, inline(table));
  }
}
