package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.deleteFrom;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.with;

import java.sql.Connection;
import org.jooq.Condition;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Moves a job that was given up, with its last error, to {@code qg_dead_jobs}.
 *
 * <pre>{@code
 * select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
 *     (set_config('enable_seqscan', 'off', true) is not null);
 * with "dead" as (delete from "que_jobs"
 *   where ("que_jobs"."queue" = ?
 *     and "que_jobs"."priority" = ?
 *     and "que_jobs"."run_at" = cast(? as timestamp with time zone)
 *     and "que_jobs"."job_id" = ?
 *     and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null)
 *   returning "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id", "que_jobs"."job_class",
 *       "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs"."queue")
 * insert into "qg_dead_jobs" ("job_id", "priority", "run_at", "job_class", "args", "error_count", "last_error", "queue")
 * select "dead"."job_id", "dead"."priority", "dead"."run_at", "dead"."job_class", "dead"."args",
 *     (least("dead"."error_count", 2147483646) + 1), ?, "dead"."queue"
 * from "dead"
 * }</pre>
 *
 * <p><b>Locks</b>: the row, until the transaction ends. <b>Index</b>: the primary key, as {@link
 * KeyedStatement} sees to it. <b>Concurrency</b>: deletion and insertion are one statement, fenced
 * by the whole key, as in {@link DeleteJob}.
 */
public final class BuryJob {

  private static final Param<String> ERROR = param("error", SQLDataType.CLOB);

  private final KeyedStatement statement;

  BuryJob(Renderer renderer) {
    statement = new KeyedStatement(renderer, BuryJob::query, ERROR);
  }

  static Query query(Condition job) {
    Name dead = name("dead");
    return with(dead)
        .as(deleteFrom(QUE_JOBS).where(job).returning())
        .insertInto(
            QG_DEAD_JOBS,
            QG_DEAD_JOBS.JOB_ID,
            QG_DEAD_JOBS.PRIORITY,
            QG_DEAD_JOBS.RUN_AT,
            QG_DEAD_JOBS.JOB_CLASS,
            QG_DEAD_JOBS.ARGS,
            QG_DEAD_JOBS.ERROR_COUNT,
            QG_DEAD_JOBS.LAST_ERROR,
            QG_DEAD_JOBS.QUEUE)
        .select(
            select(
                    Functions.column(dead, QUE_JOBS.JOB_ID),
                    Functions.column(dead, QUE_JOBS.PRIORITY),
                    Functions.column(dead, QUE_JOBS.RUN_AT),
                    Functions.column(dead, QUE_JOBS.JOB_CLASS),
                    Functions.column(dead, QUE_JOBS.ARGS),
                    Functions.oneMore(Functions.column(dead, QUE_JOBS.ERROR_COUNT)),
                    ERROR,
                    Functions.column(dead, QUE_JOBS.QUEUE))
                .from(table(dead)));
  }

  /** Moves the job, and tells whether it was still there. */
  public boolean execute(Connection connection, JobKey key, String error) {
    return statement.execute(connection, key, error);
  }
}
