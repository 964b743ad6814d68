package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import org.jooq.JSON;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;

/**
 * Reads jobs by their keys, after they were locked: what is gone by now was done by somebody else
 * between the snapshot of {@link LockJobs} and its lock, and must not run again.
 *
 * <pre>{@code
 * select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
 *     "que_jobs"."job_class", "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error"
 * from (select unnest(cast(? as smallint[])) as "priority",
 *       cast(unnest(cast(? as text[])) as timestamp with time zone) as "run_at",
 *       unnest(cast(? as bigint[])) as "job_id") as "key"
 * join "que_jobs"
 * on ("que_jobs"."queue" = ?
 *   and "que_jobs"."priority" = "key"."priority"
 *   and "que_jobs"."run_at" = "key"."run_at"
 *   and "que_jobs"."job_id" = "key"."job_id")
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: the primary key, once for each job. <b>Concurrency</b>: it
 * must be a statement of its own that starts after the locks are held, with a snapshot of its own;
 * nobody who follows the protocol deletes a job whose lock is held by us, so what it finds stays.
 */
public final class RereadJobs {

  private static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  private static final Param<Short[]> PRIORITIES =
      param("priorities", SQLDataType.SMALLINT.array());
  private static final Param<String[]> RUN_ATS = param("run_ats", SQLDataType.CLOB.array());
  private static final Param<Long[]> IDS = param("ids", SQLDataType.BIGINT.array());

  private final Rendered statement;

  RereadJobs(Renderer renderer) {
    statement = renderer.renderHot(query(), QUEUE, PRIORITIES, RUN_ATS, IDS);
  }

  static Query query() {
    Table<?> key =
        select(
                unnest(PRIORITIES, SQLDataType.SMALLINT).as(QUE_JOBS.PRIORITY),
                unnest(RUN_ATS, SQLDataType.CLOB)
                    .cast(SQLDataType.TIMESTAMPWITHTIMEZONE)
                    .as(QUE_JOBS.RUN_AT),
                unnest(IDS, SQLDataType.BIGINT).as(QUE_JOBS.JOB_ID))
            .asTable("key");
    return select(
            QUE_JOBS.QUEUE,
            QUE_JOBS.PRIORITY,
            QUE_JOBS.RUN_AT,
            QUE_JOBS.JOB_ID,
            QUE_JOBS.JOB_CLASS,
            QUE_JOBS.ARGS,
            QUE_JOBS.ERROR_COUNT,
            QUE_JOBS.LAST_ERROR)
        .from(key)
        .join(QUE_JOBS)
        .on(QUE_JOBS.QUEUE.eq(QUEUE))
        .and(QUE_JOBS.PRIORITY.eq(key.field(QUE_JOBS.PRIORITY)))
        .and(QUE_JOBS.RUN_AT.eq(key.field(QUE_JOBS.RUN_AT)))
        .and(QUE_JOBS.JOB_ID.eq(key.field(QUE_JOBS.JOB_ID)));
  }

  /**
   * Reads the jobs that are still there.
   *
   * @param keys all of the same queue
   * @return in the order in which they are to be worked
   */
  public List<JobRow> execute(Connection session, String queue, List<JobKey> keys) {
    return statement
        .query(
            session,
            RereadJobs::read,
            queue,
            keys.stream().map(JobKey::priority).toArray(Short[]::new),
            keys.stream().map(key -> TimestampText.of(key.runAt())).toArray(String[]::new),
            keys.stream().map(JobKey::id).toArray(Long[]::new))
        .stream()
        .sorted(Comparator.comparing(JobRow::key))
        .toList();
  }

  private static JobRow read(ResultSet row) throws SQLException {
    return new JobRow(
        JobKey.read(row),
        row.getString(5),
        JSON.json(row.getString(6)),
        row.getInt(7),
        row.getString(8));
  }
}
