package dev.qg.internal.sql;

import dev.qg.jooq.tables.QueJobs;
import org.jooq.DataType;
import org.jooq.Field;
import org.jooq.SQLDialect;
import org.jooq.impl.DefaultDataType;

/**
 * The place of a row in its table, which the server calls {@code ctid}. It is where to look for a
 * job, and no more: a row that is updated moves, and its place may be another row's by then.
 */
final class Place {

  static final DataType<String> TYPE =
      new DefaultDataType<>(SQLDialect.POSTGRES, String.class, "tid");

  private Place() {}

  static Field<String> in(QueJobs table) {
    return table.rowid().coerce(TYPE);
  }
}
