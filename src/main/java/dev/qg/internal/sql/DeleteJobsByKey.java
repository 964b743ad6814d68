package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.deleteFrom;

import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jooq.Query;

/**
 * Deletes many jobs that are done and that {@link DeleteJobs} did not find in their places, in one
 * statement for each queue.
 *
 * <pre>{@code
 * delete from "que_jobs" using (select (select ?) as "queue",
 *       unnest((select cast(? as smallint[]))) as "priority",
 *       unnest((select cast(? as timestamp with time zone[]))) as "run_at",
 *       unnest((select cast(? as bigint[]))) as "job_id") as "key"
 * where ("que_jobs"."queue" = "key"."queue"
 *   and "que_jobs"."priority" = "key"."priority"
 *   and "que_jobs"."run_at" = "key"."run_at"
 *   and "que_jobs"."job_id" = "key"."job_id")
 * returning "que_jobs"."job_id"
 * }</pre>
 *
 * <p><b>Locks</b>: the rows, until the transaction ends. <b>Index</b>: the primary key, once for
 * each job, by a plan that is made for each execution: one that a session keeps from when the table
 * was empty would read all of it. <b>Concurrency</b>: as {@link DeleteJob}; the id of a job that
 * was lost is not returned.
 */
final class DeleteJobsByKey {

  private final Rendered statement;

  DeleteJobsByKey(Renderer renderer) {
    statement =
        renderer.renderUnprepared(
            query(), KeyArrays.QUEUE, KeyArrays.PRIORITIES, KeyArrays.RUN_ATS, KeyArrays.IDS);
  }

  static Query query() {
    return deleteFrom(QUE_JOBS)
        .using(KeyArrays.table())
        .where(KeyArrays.match())
        .returning(QUE_JOBS.JOB_ID);
  }

  /**
   * Deletes the jobs.
   *
   * @return the ids of those that were still there
   */
  Set<Long> execute(Connection connection, List<JobKey> keys) {
    Set<Long> deleted = new HashSet<>(keys.size() * 2);
    KeyArrays.byQueue(keys, key -> key)
        .forEach(
            (queue, some) ->
                deleted.addAll(
                    statement.query(
                        connection,
                        row -> row.getLong(1),
                        queue,
                        KeyArrays.priorities(some),
                        KeyArrays.runAts(some),
                        KeyArrays.ids(some))));
    return deleted;
  }
}
