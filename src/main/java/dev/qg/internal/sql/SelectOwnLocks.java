package dev.qg.internal.sql;

import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.HashSet;
import java.util.Set;
import org.jooq.Query;

/**
 * Tells which jobs this session has locked. A lock query that fails half way, for want of memory
 * for locks or by a time-out, leaves the session with the locks that it took, and returns none.
 *
 * <pre>{@code
 * select ((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint))
 * from "pg_catalog"."pg_locks" as "lock"
 * where ("lock"."locktype" = 'advisory'
 *   and "lock"."objsubid" = 1
 *   and "lock"."granted"
 *   and "lock"."pid" = pg_backend_pid())
 * }</pre>
 *
 * <p><b>Locks</b>: none; reading {@code pg_locks} stops the server's lock manager for a moment.
 * <b>Index</b>: none, it reads no table of ours. <b>Concurrency</b>: nobody else changes what this
 * session holds. A lock that it took several times is seen once.
 */
public final class SelectOwnLocks {

  private final Rendered statement;

  SelectOwnLocks(Renderer renderer) {
    statement = renderer.renderHot(query());
  }

  static Query query() {
    return select(AdvisoryLocks.jobId()).from(AdvisoryLocks.TABLE).where(AdvisoryLocks.areOwn());
  }

  /** Tells the ids, also those of locks that something else on the session took. */
  public Set<Long> execute(Connection session) {
    return new HashSet<>(statement.query(session, row -> row.getLong(1)));
  }
}
