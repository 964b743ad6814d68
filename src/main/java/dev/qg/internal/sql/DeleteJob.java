package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.deleteFrom;

import java.sql.Connection;
import org.jooq.Condition;
import org.jooq.Query;

/**
 * Deletes a job that is done, in the transaction of whoever runs it.
 *
 * <pre>{@code
 * select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
 *     (set_config('enable_seqscan', 'off', true) is not null);
 * delete from "que_jobs"
 * where ("que_jobs"."queue" = ?
 *   and "que_jobs"."priority" = ?
 *   and "que_jobs"."run_at" = cast(? as timestamp with time zone)
 *   and "que_jobs"."job_id" = ?
 *   and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null)
 * }</pre>
 *
 * <p><b>Locks</b>: the row, until the transaction ends. <b>Index</b>: the primary key, as {@link
 * KeyedStatement} sees to it. <b>Concurrency</b>: the whole key fences it. No row means that the
 * job was lost: somebody else did it, or retried it, which moved its {@code run_at}.
 */
public final class DeleteJob {

  private final KeyedStatement statement;

  DeleteJob(Renderer renderer) {
    statement = new KeyedStatement(renderer, DeleteJob::query);
  }

  static Query query(Condition job) {
    return deleteFrom(QUE_JOBS).where(job);
  }

  /** Deletes the job, and tells whether it was still there. */
  public boolean execute(Connection connection, JobKey key) {
    return statement.execute(connection, key);
  }
}
