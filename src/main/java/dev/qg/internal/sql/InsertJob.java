package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.insertInto;
import static org.jooq.impl.DSL.param;

import java.sql.Connection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jooq.Param;
import org.jooq.Query;
import org.jspecify.annotations.Nullable;

/**
 * Inserts a job, on the connection and in the transaction of the caller. A column that the job
 * doesn't set is left out, so that the database's default decides.
 *
 * <pre>{@code
 * insert into "que_jobs" ("queue", "priority", "run_at", "job_class", "args")
 * values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as json))
 * returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
 * }</pre>
 *
 * <p><b>Locks</b>: none that anybody waits for. <b>Index</b>: adds to the primary key.
 * <b>Concurrency</b>: no worker sees the job before the caller's commit.
 */
public final class InsertJob {

  private final Renderer renderer;
  private final Map<EnumSet<JobColumn>, Rendered> statements = new ConcurrentHashMap<>();

  InsertJob(Renderer renderer) {
    this.renderer = renderer;
  }

  static Query query(EnumSet<JobColumn> columns) {
    return insertInto(QUE_JOBS)
        .columns(columns.stream().map(JobColumn::field).toList())
        .values(List.of(params(columns)))
        .returningResult(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID);
  }

  /** Inserts the job and tells its key. */
  public JobKey execute(Connection connection, NewJob job) {
    EnumSet<JobColumn> columns = JobColumn.setBy(job);
    Rendered statement =
        statements.computeIfAbsent(columns, set -> renderer.render(query(set), params(set)));
    @Nullable Object[] values = columns.stream().map(column -> column.value(job)).toArray();
    return statement.query(connection, JobKey::read, values).get(0);
  }

  private static Param<?>[] params(EnumSet<JobColumn> columns) {
    return columns.stream()
        .map(column -> param(column.name(), column.field().getDataType()))
        .toArray(Param<?>[]::new);
  }
}
