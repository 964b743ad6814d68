package dev.qg.internal.sql;

import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Releases the advisory locks of jobs, each once.
 *
 * <pre>{@code
 * select pg_advisory_unlock(unnest(cast(? as bigint[])))
 * }</pre>
 *
 * <p><b>Locks</b>: gives up those of {@link LockJobs} and {@link LockJob}. <b>Index</b>: none, it
 * reads no table. <b>Concurrency</b>: it must start after the commit of what was done to the jobs;
 * in the same transaction, another session could take the lock and still see the row.
 */
public final class UnlockJobs {

  private static final Param<Long[]> IDS = param("ids", SQLDataType.BIGINT.array());

  private final Rendered statement;

  UnlockJobs(Renderer renderer) {
    statement = renderer.renderHot(query(), IDS);
  }

  static Query query() {
    return select(Functions.advisoryUnlock(Functions.unnest(IDS, SQLDataType.BIGINT)));
  }

  /**
   * Releases one lock of each id.
   *
   * @return the ids of which this session held no lock: it has lost what it believed to hold
   */
  public List<Long> execute(Connection session, Collection<Long> ids) {
    Long[] array = ids.toArray(Long[]::new);
    List<Boolean> released = statement.query(session, row -> row.getBoolean(1), (Object) array);
    List<Long> missing = new ArrayList<>();
    for (int i = 0; i < array.length; i++) {
      if (!released.get(i)) {
        missing.add(array[i]);
      }
    }
    return missing;
  }
}
