package dev.qg.internal.sql;

import static org.jooq.impl.DSL.query;
import static org.jooq.impl.DSL.rollback;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import org.jooq.Query;

/**
 * Deletes a job that is done, and releases its lock when that is committed: in one round trip, on
 * the session that holds the lock and has no transaction open.
 *
 * <pre>{@code
 * start transaction isolation level read committed;
 * select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
 *     (set_config('enable_seqscan', 'off', true) is not null);
 * delete from "que_jobs"
 * where ("que_jobs"."queue" = ?
 *   and "que_jobs"."priority" = ?
 *   and "que_jobs"."run_at" = cast(? as timestamp with time zone)
 *   and "que_jobs"."job_id" = ?
 *   and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null);
 * commit;
 * select pg_advisory_unlock(?)
 * }</pre>
 *
 * <p><b>Locks</b>: the row, until the commit; gives up the lock of {@link LockJob}. <b>Index</b>:
 * the primary key, as {@link KeyedStatement} sees to it. <b>Concurrency</b>: as {@link DeleteJob}.
 * The unlock is a statement behind the commit, so that nobody can take the lock and still see the
 * row; it is part of no transaction that writes. If a statement fails, the server skips those that
 * follow, so that a deletion that fails leaves the lock: but only where the {@link OneTrip} is one.
 * If the unlock fails, or the connection before its answer, the job is done, and whoever takes that
 * for a failure finds its row gone.
 */
public final class FinishJob {

  /**
   * What it came to.
   *
   * @param deleted whether the job was still there
   * @param released whether the session had its lock
   */
  public record Finished(boolean deleted, boolean released) {}

  private final Rendered statements;
  private final Rendered rollback;

  FinishJob(Renderer renderer) {
    statements = renderer.renderHot(queries(), KeyParams.ALL);
    rollback = renderer.render(rollback());
  }

  static List<Query> queries() {
    List<Query> queries = new ArrayList<>();
    // As texts: the DSL has no word for the isolation, and since jOOQ 3.20 its methods for these
    // two
    // return another type than the one that this class was compiled for.
    queries.add(query("start transaction isolation level read committed"));
    queries.addAll(KeyedStatement.byIndex(DeleteJob::query));
    queries.add(query("commit"));
    queries.add(select(Functions.advisoryUnlock(KeyParams.JOB_ID)));
    return queries;
  }

  /** Deletes the job and releases its lock. If it fails, the session is in no transaction. */
  public Finished execute(Connection session, JobKey key) {
    try {
      return statements.queryAll(
          session,
          results -> {
            results.skip();
            results.skip();
            boolean deleted = results.count() == 1;
            results.skip();
            return new Finished(deleted, results.rows(row -> row.getBoolean(1)).get(0));
          },
          key.values());
    } catch (Throwable e) {
      try {
        rollback.update(session);
      } catch (RuntimeException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }
}
