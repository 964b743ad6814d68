package dev.qg.internal.sql;

import static org.jooq.impl.DSL.currentCatalog;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.shl;
import static org.jooq.impl.DSL.table;

import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;

/** The advisory locks that are held on jobs, as the server's view {@code pg_locks} shows them. */
final class AdvisoryLocks {

  private static final Name CATALOG = name("pg_catalog");
  private static final Name LOCK = name("lock");
  private static final Name DATABASE = name("db");

  static final Table<?> TABLE = table(CATALOG.append("pg_locks")).as(LOCK);
  static final Field<Integer> PID = field(LOCK.append("pid"), SQLDataType.INTEGER);

  private AdvisoryLocks() {}

  /** The one bigint key, which the view shows as two halves of 32 bits. */
  static Field<Long> jobId() {
    Field<Long> high = field(LOCK.append("classid"), SQLDataType.BIGINT).cast(SQLDataType.BIGINT);
    Field<Long> low = field(LOCK.append("objid"), SQLDataType.BIGINT).cast(SQLDataType.BIGINT);
    return shl(high, inline(32)).bitOr(low);
  }

  /**
   * Those with one bigint key that this very session holds, which are all of this database. The
   * name of the database is not looked up, since that needs a lock of the shared table, which fails
   * when the server's memory for locks is used up: just when somebody must know what to release.
   */
  static Condition areOwn() {
    return haveOneKey().and(PID.eq(Functions.backendPid()));
  }

  /** Those with one bigint key, of this database. */
  static Condition areOfJobs() {
    return haveOneKey()
        .and(
            field(LOCK.append("database"), SQLDataType.BIGINT)
                .eq(
                    select(field(DATABASE.append("oid"), SQLDataType.BIGINT))
                        .from(table(CATALOG.append("pg_database")).as(DATABASE))
                        .where(
                            field(DATABASE.append("datname"), SQLDataType.VARCHAR)
                                .eq(currentCatalog()))));
  }

  /** One bigint key is {@code objsubid} 1; and only locks that were granted. */
  private static Condition haveOneKey() {
    return field(LOCK.append("locktype"), SQLDataType.CLOB)
        .eq(inline("advisory"))
        .and(field(LOCK.append("objsubid"), SQLDataType.INTEGER).eq(inline(1)))
        .and(field(LOCK.append("granted"), SQLDataType.BOOLEAN));
  }
}
