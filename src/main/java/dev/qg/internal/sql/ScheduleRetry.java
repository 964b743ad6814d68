package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.greatest;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.update;

import java.sql.Connection;
import java.time.Duration;
import org.jooq.Condition;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Records a failure of a job: one more error, its text, and a later {@code run_at} by the
 * database's clock.
 *
 * <pre>{@code
 * select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
 *     (set_config('enable_seqscan', 'off', true) is not null);
 * update "que_jobs"
 * set "error_count" = (least("que_jobs"."error_count", 2147483646) + 1),
 *     "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
 *       ("que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
 *     "last_error" = ?
 * where ("que_jobs"."queue" = ?
 *   and "que_jobs"."priority" = ?
 *   and "que_jobs"."run_at" = cast(? as timestamp with time zone)
 *   and "que_jobs"."job_id" = ?
 *   and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null)
 * }</pre>
 *
 * <p><b>Locks</b>: the row, until the transaction ends. <b>Index</b>: the primary key, as {@link
 * KeyedStatement} sees to it; it moves the row to another place of that. <b>Concurrency</b>: the
 * whole key fences it, as in {@link DeleteJob}. {@code run_at} always moves, by a microsecond at
 * least, so that the old key is worth nothing any more.
 */
public final class ScheduleRetry {

  private static final Param<Double> DELAY = param("delay", SQLDataType.DOUBLE);
  private static final Param<String> ERROR = param("error", SQLDataType.CLOB);

  private final KeyedStatement statement;

  ScheduleRetry(Renderer renderer) {
    statement = new KeyedStatement(renderer, ScheduleRetry::query, DELAY, ERROR);
  }

  static Query query(Condition job) {
    return update(QUE_JOBS)
        .set(QUE_JOBS.ERROR_COUNT, Functions.oneMore(QUE_JOBS.ERROR_COUNT))
        .set(
            QUE_JOBS.RUN_AT,
            greatest(
                Functions.later(Functions.now(), DELAY),
                Functions.later(QUE_JOBS.RUN_AT, inline(0.000001))))
        .set(QUE_JOBS.LAST_ERROR, ERROR)
        .where(job);
  }

  /** Records the failure, and tells whether the job was still there. */
  public boolean execute(Connection connection, JobKey key, Duration delay, String error) {
    return statement.execute(connection, key, Functions.seconds(delay), error);
  }
}
