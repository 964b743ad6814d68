package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.insertInto;
import static org.jooq.impl.DSL.param;

import dev.qg.internal.sql.Rendered.RowReader;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;
import org.jspecify.annotations.Nullable;

/**
 * Inserts a job, on the connection and in the transaction of the caller, and at the same time
 * notifies listening workers, if it shall and the job is due by now. A column that the job doesn't
 * set is left out, so that the database's default decides; and where nobody wants the whole key,
 * only the id is returned.
 *
 * <pre>{@code
 * insert into "que_jobs" ("queue", "priority", "run_at", "job_class", "args")
 * values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as json))
 * returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
 *     case when "que_jobs"."run_at" <= clock_timestamp() then pg_notify('qg_jobs',
 *       concat("que_jobs"."priority", ' ', extract(epoch from "que_jobs"."run_at"),
 *         case when octet_length("que_jobs"."queue") <= 2000 then (' ' || "que_jobs"."queue") end)) end
 * }</pre>
 *
 * <p><b>Locks</b>: none that anybody waits for, but see {@link NotifyJobs} for the commit of a
 * transaction that notifies. <b>Index</b>: adds to the primary key. <b>Concurrency</b>: no worker
 * sees the job, or hears of it, before the caller's commit.
 */
public final class InsertJob {

  private final Renderer renderer;
  private final Map<Variant, Rendered> statements = new ConcurrentHashMap<>();

  /**
   * @param keyed whether it returns the whole key, whose time takes longer to be read than the rest
   */
  private record Variant(EnumSet<JobColumn> columns, boolean notifies, boolean keyed) {}

  InsertJob(Renderer renderer) {
    this.renderer = renderer;
  }

  private static Query query(Variant variant) {
    List<Field<?>> returned =
        new ArrayList<>(
            variant.keyed
                ? List.of(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID)
                : List.of(QUE_JOBS.JOB_ID));
    if (variant.notifies) {
      returned.add(JobNotice.notification(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT));
    }
    return insertInto(QUE_JOBS)
        .columns(variant.columns.stream().map(JobColumn::field).toList())
        .values(List.of(params(variant.columns)))
        .returningResult(returned);
  }

  /**
   * Inserts the job and tells its key.
   *
   * @param notify whether workers are notified
   */
  public JobKey execute(Connection connection, NewJob job, boolean notify) {
    return insert(connection, job, notify, true, JobKey::read);
  }

  /**
   * Inserts the job and tells its id alone.
   *
   * @param notify whether workers are notified
   */
  public long executeForId(Connection connection, NewJob job, boolean notify) {
    return insert(connection, job, notify, false, row -> row.getLong(1));
  }

  private <T> T insert(
      Connection connection, NewJob job, boolean notify, boolean keyed, RowReader<T> reader) {
    EnumSet<JobColumn> columns = JobColumn.setBy(job);
    Rendered statement =
        statements.computeIfAbsent(
            new Variant(columns, notify, keyed),
            variant -> renderer.render(query(variant), params(variant.columns)));
    @Nullable Object[] values = columns.stream().map(column -> column.value(job)).toArray();
    return statement.query(connection, reader, values).stream()
        .findFirst()
        .orElseThrow(() -> BulkInsert.suppressed(1, 1));
  }

  private static Param<?>[] params(EnumSet<JobColumn> columns) {
    return columns.stream()
        .map(column -> param(column.name(), column.field().getDataType()))
        .toArray(Param<?>[]::new);
  }
}
