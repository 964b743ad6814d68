package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static java.util.Objects.requireNonNull;
import static org.jooq.impl.DSL.cast;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.generateSeries;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.replace;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.when;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.Record1;
import org.jooq.Select;
import org.jooq.Table;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.SQLDataType;

/**
 * Takes ids for jobs that are inserted by statements that can't return them in order: from the
 * sequence of the column's default, as an insert without an id does. That need not be the one that
 * the column owns, so that tables can share one. An identity column has no default, but a sequence
 * of its own.
 *
 * <pre>{@code
 * select nextval((select case when "pg_attrdef"."oid" is null then cast(pg_get_serial_sequence('"que_jobs"', 'job_id') as regclass) else cast("pg_depend"."refobjid" as regclass) end
 *     from "pg_catalog"."pg_attribute"
 *     left outer join "pg_catalog"."pg_attrdef"
 *     on ("pg_attrdef"."adrelid" = "pg_attribute"."attrelid"
 *       and "pg_attrdef"."adnum" = "pg_attribute"."attnum")
 *     left outer join "pg_catalog"."pg_depend"
 *     on ("pg_depend"."classid" = to_regclass('pg_attrdef')
 *       and "pg_depend"."objid" = "pg_attrdef"."oid"
 *       and "pg_depend"."refclassid" = to_regclass('pg_class')
 *       and replace(pg_get_expr("pg_attrdef"."adbin", "pg_attrdef"."adrelid"), '', '') = replace('nextval(''%''::regclass)',
 *             '%', replace(cast(cast("pg_depend"."refobjid" as regclass) as text), '''', '''''')))
 *     where ("pg_attribute"."attrelid" = cast('"que_jobs"' as regclass) and "pg_attribute"."attname" = 'job_id')))
 * from generate_series(1, ?)
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: those of the catalog. <b>Concurrency</b>: a sequence never
 * gives the same number twice; those of a transaction that rolls back are lost, as with any insert.
 */
final class TakeIds {

  private static final Param<Integer> COUNT = param("count", SQLDataType.INTEGER);

  private static final Name COLUMN = name("pg_attribute");
  private static final Name DEFAULT = name("pg_attrdef");
  private static final Name USE = name("pg_depend");

  private final Rendered statement;

  TakeIds(Renderer renderer) {
    statement = renderer.render(query(renderer.table(QUE_JOBS)), COUNT);
  }

  static Query query(String table) {
    // Within a scalar subquery, the sequence is looked up once and not for each number.
    return select(Functions.nextval(field(sequence(table)))).from(generateSeries(inline(1), COUNT));
  }

  /** The sequence of the default, if that is nothing but its next value; else null. */
  private static Select<Record1<String>> sequence(String table) {
    String column = requireNonNull(QUE_JOBS.JOB_ID.getUnqualifiedName().last());
    Field<Long> used = oid(USE, "refobjid");
    Field<Long> tableOfDefault = oid(DEFAULT, "adrelid");
    Field<String> expression =
        function("pg_get_expr", SQLDataType.CLOB, oid(DEFAULT, "adbin"), tableOfDefault);
    // Not quote_literal, which writes E'' where there is a backslash: pg_get_expr doesn't.
    Field<String> quoted =
        replace(cast(Functions.regclass(used), SQLDataType.CLOB), inline("'"), inline("''"));
    Field<String> nextOfUsed = replace(inline("nextval('%'::regclass)"), inline("%"), quoted);
    return select(
            when(oid(DEFAULT, "oid").isNull(), Functions.serialSequence(table, column))
                .otherwise(Functions.regclass(used)))
        .from(catalog(COLUMN))
        .leftJoin(catalog(DEFAULT))
        .on(tableOfDefault.eq(oid(COLUMN, "attrelid")))
        .and(oid(DEFAULT, "adnum").eq(oid(COLUMN, "attnum")))
        .leftJoin(catalog(USE))
        .on(oid(USE, "classid").eq(Functions.oidOf("pg_catalog.pg_attrdef")))
        .and(oid(USE, "objid").eq(oid(DEFAULT, "oid")))
        .and(oid(USE, "refclassid").eq(Functions.oidOf("pg_catalog.pg_class")))
        // The catalog's names are qualified where the search path leads to others first.
        .and(replace(expression, inline("pg_catalog."), inline("")).eq(nextOfUsed))
        .where(oid(COLUMN, "attrelid").eq(Functions.oidOfExisting(table)))
        .and(field(COLUMN.append("attname"), SQLDataType.CLOB).eq(inline(column)));
  }

  private static Table<?> catalog(Name table) {
    return table(name("pg_catalog").append(table));
  }

  private static Field<Long> oid(Name table, String column) {
    return field(table.append(column), SQLDataType.BIGINT);
  }

  /**
   * Takes so many ids, in ascending order.
   *
   * @throws DataAccessException also if the default of the column is something else than the next
   *     value of a sequence
   */
  public List<Long> execute(Connection connection, int count) {
    return statement.query(connection, TakeIds::id, count);
  }

  private static long id(ResultSet row) throws SQLException {
    long id = row.getLong(1);
    if (row.wasNull()) {
      throw new DataAccessException(
          "The default of que_jobs.job_id is not the next value of a sequence, which enqueueAll"
              + " takes ids from: set it to nextval('<sequence>'::regclass) and nothing more");
    }
    return id;
  }
}
