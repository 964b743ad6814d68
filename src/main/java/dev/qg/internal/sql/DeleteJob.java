package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.deleteFrom;

import java.sql.Connection;
import org.jooq.Query;

/**
 * Deletes a job that is done, in the transaction of whoever runs it.
 *
 * <pre>{@code
 * delete from "que_jobs"
 * where ("que_jobs"."queue" = ?
 *   and "que_jobs"."priority" = ?
 *   and "que_jobs"."run_at" = cast(? as timestamp with time zone)
 *   and "que_jobs"."job_id" = ?)
 * }</pre>
 *
 * <p><b>Locks</b>: the row, until the transaction ends. <b>Index</b>: the primary key.
 * <b>Concurrency</b>: the whole key fences it. No row means that the job was lost: somebody else
 * did it, or retried it, which moved its {@code run_at}.
 */
public final class DeleteJob {

  private final Rendered statement;

  DeleteJob(Renderer renderer) {
    statement =
        renderer.renderHot(
            query(), KeyParams.QUEUE, KeyParams.PRIORITY, KeyParams.RUN_AT, KeyParams.JOB_ID);
  }

  static Query query() {
    return deleteFrom(QUE_JOBS).where(KeyParams.matches());
  }

  /** Deletes the job, and tells whether it was still there. */
  public boolean execute(Connection connection, JobKey key) {
    return statement.update(connection, key.queue(), key.priority(), key.runAt(), key.id()) == 1;
  }
}
