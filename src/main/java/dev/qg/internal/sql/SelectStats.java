package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.max;
import static org.jooq.impl.DSL.min;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectDistinct;

import java.sql.Connection;
import java.time.OffsetDateTime;
import java.util.List;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Query;
import org.jooq.Table;

/**
 * Counts the jobs by queue and type, those that are being worked and those that have failed.
 *
 * <pre>{@code
 * select "que_jobs"."queue", "que_jobs"."job_class", count(*), count("working"."job_id"),
 *     count(*) filter (where "que_jobs"."error_count" > 0), max("que_jobs"."error_count"),
 *     min("que_jobs"."run_at")
 * from "que_jobs"
 * left outer join (select distinct ((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint)) as "job_id"
 *   from "pg_catalog"."pg_locks" as "lock"
 *   where ("lock"."locktype" = 'advisory'
 *     and "lock"."objsubid" = 1
 *     and "lock"."granted"
 *     and "lock"."database" = (select "db"."oid" from "pg_catalog"."pg_database" as "db" where "db"."datname" = current_database()))) as "working"
 * on "working"."job_id" = "que_jobs"."job_id"
 * group by "que_jobs"."queue", "que_jobs"."job_class"
 * order by "que_jobs"."queue", "que_jobs"."job_class"
 * }</pre>
 *
 * <p><b>Locks</b>: none; reading {@code pg_locks} stops the server's lock manager for a moment.
 * <b>Index</b>: none, it reads the whole table. <b>Concurrency</b>: one snapshot of the table; the
 * view of the locks is read a moment later, so a job may count as not working that just was.
 */
public final class SelectStats {

  /** One line of the statistics. */
  public record Row(
      String queue,
      String type,
      long count,
      long countWorking,
      long countErrored,
      int highestErrorCount,
      OffsetDateTime oldestRunAt) {}

  private final Rendered statement;

  SelectStats(Renderer renderer) {
    statement = renderer.render(query());
  }

  static Query query() {
    Name working = name("working");
    Table<?> locked =
        selectDistinct(AdvisoryLocks.jobId().as(QUE_JOBS.JOB_ID))
            .from(AdvisoryLocks.TABLE)
            .where(AdvisoryLocks.areOfJobs())
            .asTable(working);
    Field<Long> workingId = Functions.column(working, QUE_JOBS.JOB_ID);
    return select(
            QUE_JOBS.QUEUE,
            QUE_JOBS.JOB_CLASS,
            count(),
            count(workingId),
            count().filterWhere(QUE_JOBS.ERROR_COUNT.gt(inline(0))),
            max(QUE_JOBS.ERROR_COUNT),
            min(QUE_JOBS.RUN_AT))
        .from(QUE_JOBS)
        .leftJoin(locked)
        .on(workingId.eq(QUE_JOBS.JOB_ID))
        .groupBy(QUE_JOBS.QUEUE, QUE_JOBS.JOB_CLASS)
        .orderBy(QUE_JOBS.QUEUE, QUE_JOBS.JOB_CLASS);
  }

  /** Counts the jobs, ordered by queue and type. */
  public List<Row> execute(Connection connection) {
    return statement.query(
        connection,
        row ->
            new Row(
                row.getString(1),
                row.getString(2),
                row.getLong(3),
                row.getLong(4),
                row.getLong(5),
                row.getInt(6),
                TimestampText.read(row, 7)));
  }
}
