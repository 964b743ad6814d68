package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.deleteFrom;
import static org.jooq.impl.DSL.insertInto;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.with;

import java.sql.Connection;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Moves jobs from {@code qg_dead_jobs} back to {@code que_jobs}: due now, with no errors counted,
 * their last error kept.
 *
 * <pre>{@code
 * with "revived" as (delete from "qg_dead_jobs"
 *   where "qg_dead_jobs"."job_id" = any (cast(? as bigint[]))
 *   returning "qg_dead_jobs"."job_id", "qg_dead_jobs"."priority", "qg_dead_jobs"."run_at",
 *       "qg_dead_jobs"."job_class", "qg_dead_jobs"."args", "qg_dead_jobs"."error_count",
 *       "qg_dead_jobs"."last_error", "qg_dead_jobs"."queue", "qg_dead_jobs"."died_at"),
 *     "inserted" as (insert into "que_jobs" ("queue", "priority", "run_at", "job_id", "job_class", "args", "last_error")
 *   select "revived"."queue", "revived"."priority", now(), "revived"."job_id", "revived"."job_class",
 *       "revived"."args", "revived"."last_error"
 *   from "revived"
 *   returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id")
 * select "inserted"."queue", "inserted"."priority", "inserted"."run_at", "inserted"."job_id"
 * from "revived"
 * left outer join "inserted"
 * on "inserted"."job_id" = "revived"."job_id"
 * }</pre>
 *
 * <p><b>Locks</b>: the dead rows, until the transaction ends. <b>Index</b>: the primary key of
 * {@code qg_dead_jobs}, also where that was a page when the session began: a plan is made each
 * time. <b>Concurrency</b>: deletion and insertion are one statement; of two revivals of a job, one
 * finds it and the other doesn't.
 */
public final class ReviveJobs {

  private static final Param<Long[]> IDS = param("ids", SQLDataType.BIGINT.array());

  private final Rendered statement;

  ReviveJobs(Renderer renderer) {
    statement = renderer.renderUnprepared(query(), IDS);
  }

  static Query query() {
    Name revived = name("revived");
    Name inserted = name("inserted");
    Field<Long> id = Functions.column(inserted, QUE_JOBS.JOB_ID);
    return with(revived)
        .as(deleteFrom(QG_DEAD_JOBS).where(QG_DEAD_JOBS.JOB_ID.eq(any(IDS))).returning())
        .with(inserted)
        .as(
            insertInto(
                    QUE_JOBS,
                    QUE_JOBS.QUEUE,
                    QUE_JOBS.PRIORITY,
                    QUE_JOBS.RUN_AT,
                    QUE_JOBS.JOB_ID,
                    QUE_JOBS.JOB_CLASS,
                    QUE_JOBS.ARGS,
                    QUE_JOBS.LAST_ERROR)
                .select(
                    select(
                            Functions.column(revived, QG_DEAD_JOBS.QUEUE),
                            Functions.column(revived, QG_DEAD_JOBS.PRIORITY),
                            Functions.now(),
                            Functions.column(revived, QG_DEAD_JOBS.JOB_ID),
                            Functions.column(revived, QG_DEAD_JOBS.JOB_CLASS),
                            Functions.column(revived, QG_DEAD_JOBS.ARGS),
                            Functions.column(revived, QG_DEAD_JOBS.LAST_ERROR))
                        .from(table(revived)))
                .returningResult(
                    QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID))
        .select(
            Functions.column(inserted, QUE_JOBS.QUEUE),
            Functions.column(inserted, QUE_JOBS.PRIORITY),
            Functions.column(inserted, QUE_JOBS.RUN_AT),
            id)
        .from(table(revived))
        .leftJoin(table(inserted))
        .on(id.eq(Functions.column(revived, QG_DEAD_JOBS.JOB_ID)));
  }

  /**
   * Moves the jobs back, and tells the keys of those that were found. The connection must be in a
   * transaction, to be undone if this fails: the rows that were not inserted are deleted.
   */
  public List<JobKey> execute(Connection connection, Collection<Long> ids) {
    List<Optional<JobKey>> found =
        statement.query(
            connection,
            row -> row.getString(1) == null ? Optional.empty() : Optional.of(JobKey.read(row)),
            (Object) ids.toArray(Long[]::new));
    List<JobKey> revived = found.stream().flatMap(Optional::stream).toList();
    if (revived.size() < found.size()) {
      throw BulkInsert.suppressed(found.size() - revived.size(), found.size());
    }
    return revived;
  }
}
