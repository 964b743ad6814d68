package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.greatest;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.update;

import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.impl.SQLDataType;

/**
 * Records the failures of many jobs, in one statement for each queue, as {@link ScheduleRetry} does
 * it for one.
 *
 * <pre>{@code
 * update "que_jobs"
 * set "error_count" = (least("que_jobs"."error_count", 2147483646) + 1),
 *     "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, "key"."delay")),
 *       ("que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
 *     "last_error" = "key"."last_error"
 * from (select (select ?) as "queue", unnest((select cast(? as smallint[]))) as "priority",
 *       unnest((select cast(? as timestamp with time zone[]))) as "run_at",
 *       unnest((select cast(? as bigint[]))) as "job_id",
 *       unnest((select cast(? as double precision[]))) as "delay",
 *       unnest((select cast(? as text[]))) as "last_error") as "key"
 * where ("que_jobs"."queue" = "key"."queue"
 *   and "que_jobs"."priority" = "key"."priority"
 *   and "que_jobs"."run_at" = "key"."run_at"
 *   and "que_jobs"."job_id" = "key"."job_id")
 * returning "que_jobs"."job_id"
 * }</pre>
 *
 * <p><b>Locks</b>: the rows, until the transaction ends. <b>Index</b>: the primary key, as in
 * {@link DeleteJobsByKey}. <b>Concurrency</b>: as {@link ScheduleRetry}; the id of a job that was
 * lost is not returned.
 */
public final class ScheduleRetries {

  private static final Param<Double[]> DELAYS = param("delays", SQLDataType.DOUBLE.array());
  private static final Param<String[]> ERRORS = param("errors", SQLDataType.CLOB.array());
  private static final Field<Double> DELAY = field(name("delay"), SQLDataType.DOUBLE);

  private final Rendered statement;

  ScheduleRetries(Renderer renderer) {
    statement =
        renderer.renderUnprepared(
            query(),
            KeyArrays.QUEUE,
            KeyArrays.PRIORITIES,
            KeyArrays.RUN_ATS,
            KeyArrays.IDS,
            DELAYS,
            ERRORS);
  }

  static Query query() {
    return update(QUE_JOBS)
        .set(QUE_JOBS.ERROR_COUNT, Functions.oneMore(QUE_JOBS.ERROR_COUNT))
        .set(
            QUE_JOBS.RUN_AT,
            greatest(
                Functions.later(Functions.now(), KeyArrays.of(DELAY)),
                Functions.later(QUE_JOBS.RUN_AT, inline(0.000001))))
        .set(QUE_JOBS.LAST_ERROR, KeyArrays.of(QUE_JOBS.LAST_ERROR))
        .from(
            KeyArrays.table(
                KeyArrays.hidden(DELAYS, DELAY), KeyArrays.hidden(ERRORS, QUE_JOBS.LAST_ERROR)))
        .where(KeyArrays.match())
        .returning(QUE_JOBS.JOB_ID);
  }

  /**
   * Records the failures.
   *
   * @return the ids of the jobs that were still there
   */
  public Set<Long> execute(Connection connection, List<Retry> retries) {
    Set<Long> scheduled = new HashSet<>(retries.size() * 2);
    KeyArrays.byQueue(retries, Retry::key)
        .forEach((queue, some) -> scheduled.addAll(schedule(connection, queue, some)));
    return scheduled;
  }

  private List<Long> schedule(Connection connection, String queue, List<Retry> retries) {
    List<JobKey> keys = retries.stream().map(Retry::key).toList();
    return statement.query(
        connection,
        row -> row.getLong(1),
        queue,
        KeyArrays.priorities(keys),
        KeyArrays.runAts(keys),
        KeyArrays.ids(keys),
        retries.stream().map(retry -> Functions.seconds(retry.delay())).toArray(Double[]::new),
        retries.stream().map(Retry::error).toArray(String[]::new));
  }
}
