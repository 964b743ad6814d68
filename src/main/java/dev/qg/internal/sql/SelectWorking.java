package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;

import java.sql.Connection;
import java.time.OffsetDateTime;
import java.util.List;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/**
 * Tells which jobs are locked now, and by which backend.
 *
 * <pre>{@code
 * select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
 *     "que_jobs"."job_class", "que_jobs"."error_count", "backend"."pid", "backend"."application_name",
 *     "backend"."client_addr", "backend"."state_change"
 * from "que_jobs"
 * join "pg_catalog"."pg_locks" as "lock"
 * on (((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint)) = "que_jobs"."job_id"
 *   and "lock"."locktype" = 'advisory'
 *   and "lock"."objsubid" = 1
 *   and "lock"."granted"
 *   and "lock"."database" = (select "db"."oid" from "pg_catalog"."pg_database" as "db" where "db"."datname" = current_database()))
 * join "pg_catalog"."pg_stat_activity" as "backend"
 * on "backend"."pid" = "lock"."pid"
 * order by "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: none. <b>Concurrency</b>: as {@link SelectStats}; a backend
 * that is gone by the time that its activity is read is left out.
 */
public final class SelectWorking {

  /** A job and the backend that holds its lock; what the role may not see is null. */
  public record Row(
      JobKey key,
      String type,
      int errorCount,
      int pid,
      @Nullable String applicationName,
      @Nullable String clientAddress,
      @Nullable OffsetDateTime since) {}

  private final Rendered statement;

  SelectWorking(Renderer renderer) {
    statement = renderer.render(query());
  }

  static Query query() {
    Name backend = name("backend");
    Field<Integer> pid = field(backend.append("pid"), SQLDataType.INTEGER);
    return select(
            QUE_JOBS.QUEUE,
            QUE_JOBS.PRIORITY,
            QUE_JOBS.RUN_AT,
            QUE_JOBS.JOB_ID,
            QUE_JOBS.JOB_CLASS,
            QUE_JOBS.ERROR_COUNT,
            pid,
            field(backend.append("application_name"), SQLDataType.CLOB),
            field(backend.append("client_addr"), SQLDataType.CLOB),
            field(backend.append("state_change"), SQLDataType.TIMESTAMPWITHTIMEZONE))
        .from(QUE_JOBS)
        .join(AdvisoryLocks.TABLE)
        .on(AdvisoryLocks.jobId().eq(QUE_JOBS.JOB_ID))
        .and(AdvisoryLocks.areOfJobs())
        .join(table(name("pg_catalog", "pg_stat_activity")).as(backend))
        .on(pid.eq(AdvisoryLocks.PID))
        .orderBy(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID);
  }

  /** Reads the jobs that are locked, in the order in which they are worked. */
  public List<Row> execute(Connection connection) {
    return statement.query(
        connection,
        row ->
            new Row(
                JobKey.read(row),
                row.getString(5),
                row.getInt(6),
                row.getInt(7),
                row.getString(8),
                row.getString(9),
                row.getObject(10, OffsetDateTime.class)));
  }
}
