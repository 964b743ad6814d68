package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.column;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.all;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.generateSeries;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.lateral;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.orderBy;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.rowNumber;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.withRecursive;

import dev.qg.jooq.tables.QueJobs;
import java.sql.Connection;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.Record;
import org.jooq.Select;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;

/**
 * Locks the most urgent due jobs of a queue that nobody else has locked, at most as many as wanted,
 * and tells their keys.
 *
 * <p>It is the recursive query of Ruby's Que, taken a chunk a step: a step reads as many rows as
 * are still wanted from the primary key's index, tries the advisory lock of each, counts what it
 * got, and the next step goes on behind the last row while something is wanted. A step opens the
 * index anew, so that what is locked by others costs a step for each chunk and not for each row.
 *
 * <pre>{@code
 * with recursive "step" as (select "tried"."priority", "tried"."run_at", "tried"."job_id",
 *       "tried"."locked", (? - count(*) filter (where "tried"."locked") over ()) as "wanted",
 *       (count(*) over () - row_number() over (order by "tried"."priority", "tried"."run_at", "tried"."job_id")) as "behind"
 *   from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
 *         pg_try_advisory_lock("candidate"."job_id") as "locked"
 *     from (select "job"."priority", "job"."run_at", "job"."job_id"
 *       from "que_jobs" as "job"
 *       cross join generate_series(1, (select 1))
 *       where ("job"."queue" = ? and "job"."run_at" <= now() and "job"."job_id" <> all (cast(? as bigint[])))
 *       order by "job"."priority", "job"."run_at", "job"."job_id"
 *       fetch next ? rows only) as "candidate"
 *     order by 1, 2, 3
 *     fetch next 1000 rows only) as "tried"
 *   union all
 *   select "next".*
 *   from "step"
 *   cross join lateral (select "tried"."priority", "tried"."run_at", "tried"."job_id",
 *         "tried"."locked",
 *         ("step"."wanted" - count(*) filter (where "tried"."locked") over ()) as "wanted",
 *         (count(*) over () - row_number() over (order by "tried"."priority", "tried"."run_at", "tried"."job_id")) as "behind"
 *     from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
 *           pg_try_advisory_lock("candidate"."job_id") as "locked"
 *       from (select "job"."priority", "job"."run_at", "job"."job_id"
 *         from "que_jobs" as "job"
 *         cross join generate_series(1, (select 1))
 *         where ("job"."queue" = ?
 *           and "job"."run_at" <= now()
 *           and "job"."job_id" <> all (cast(? as bigint[]))
 *           and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id"))
 *         order by "job"."priority", "job"."run_at", "job"."job_id"
 *         fetch next "step"."wanted" rows only) as "candidate"
 *       order by 1, 2, 3
 *       fetch next 1000 rows only) as "tried") as "next"
 *   where ("step"."behind" = 0 and "step"."wanted" > 0))
 * select "step"."priority", "step"."run_at", "step"."job_id"
 * from "step"
 * where "step"."locked"
 * }</pre>
 *
 * <p><b>Locks</b>: for each key that it returns, the session's advisory lock with that {@code
 * job_id} as its one bigint key, until {@link UnlockJobs}. No row is locked. The {@code LIMIT}
 * under each {@code pg_try_advisory_lock} is what keeps the planner from locking rows that are not
 * returned.
 *
 * <p><b>Index</b>: the primary key {@code (queue, priority, run_at, job_id)}, read in its order
 * without a sort. Three things are there for the planner only: the {@code generate_series} (see
 * {@link #oneThatLooksLikeMany}), the order in {@code tried} that the rows have already, and the
 * 1000 in the text, which with {@code behind = 0} keeps the estimate below the cost from which the
 * server compiles a query first ({@code jit_above_cost}).
 *
 * <p><b>Concurrency</b>: the snapshot is older than the locks, so a job that is returned may have
 * been done and deleted in between: {@link RereadJobs} must look again. A session gets the locks
 * that it holds once more, and they stack: {@code held} leaves those out.
 */
public final class LockJobs {

  private static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  private static final Param<Long> LIMIT = param("limit", SQLDataType.BIGINT);
  private static final Param<Long[]> HELD = param("held", SQLDataType.BIGINT.array());

  private static final QueJobs JOB = QUE_JOBS.as("job");
  private static final Name STEP = name("step");
  private static final Field<Short> PRIORITY = column(STEP, JOB.PRIORITY);
  private static final Field<OffsetDateTime> RUN_AT = column(STEP, JOB.RUN_AT);
  private static final Field<Long> JOB_ID = column(STEP, JOB.JOB_ID);
  private static final Field<Boolean> LOCKED = field(name("locked"), SQLDataType.BOOLEAN);
  private static final Field<Long> WANTED = field(name("wanted"), SQLDataType.BIGINT);
  private static final Field<Integer> BEHIND = field(name("behind"), SQLDataType.INTEGER);

  /** The most rows that a step takes, said in the SQL itself so that the planner knows it too. */
  private static final int CHUNK = 1_000;

  private final Rendered statement;

  LockJobs(Renderer renderer) {
    statement = renderer.renderHot(query(), QUEUE, LIMIT, HELD);
  }

  static Query query() {
    Field<Long> wanted = column(STEP, WANTED);
    Condition behindTheLast =
        row(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID).gt(row(PRIORITY, RUN_AT, JOB_ID));
    Name next = name("next");
    return withRecursive(STEP)
        .as(
            chunk(due(), LIMIT)
                .unionAll(
                    select(table(next).asterisk())
                        .from(table(STEP))
                        .crossJoin(lateral(chunk(due().and(behindTheLast), wanted)).as(next))
                        .where(column(STEP, BEHIND).eq(inline(0)))
                        .and(wanted.gt(inline(0L)))))
        .select(PRIORITY, RUN_AT, JOB_ID)
        .from(table(STEP))
        .where(column(STEP, LOCKED));
  }

  private static Condition due() {
    return JOB.QUEUE.eq(QUEUE).and(JOB.RUN_AT.le(Functions.now())).and(JOB.JOB_ID.ne(all(HELD)));
  }

  /**
   * At most {@code limit} rows, each with its lock tried, and the state that the next step needs.
   */
  private static Select<Record> chunk(Condition condition, Field<Long> limit) {
    Table<?> candidate =
        select(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID)
            .from(JOB)
            .crossJoin(oneThatLooksLikeMany())
            .where(condition)
            .orderBy(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID)
            .limit(limit)
            .asTable("candidate");
    Table<?> tried =
        select(
                candidate.field(JOB.PRIORITY),
                candidate.field(JOB.RUN_AT),
                candidate.field(JOB.JOB_ID),
                Functions.tryAdvisoryLock(candidate.field(JOB.JOB_ID)).as(LOCKED))
            .from(candidate)
            // As the rows come already: without it, the planner would forget that and sort again.
            .orderBy(1, 2, 3)
            .limit(inline(CHUNK))
            .asTable("tried");
    Field<Short> priority = tried.field(JOB.PRIORITY);
    Field<OffsetDateTime> runAt = tried.field(JOB.RUN_AT);
    Field<Long> jobId = tried.field(JOB.JOB_ID);
    Field<Boolean> locked = tried.field(LOCKED);
    return select(
            List.of(
                priority,
                runAt,
                jobId,
                locked,
                limit.minus(count().filterWhere(locked).over()).as(WANTED),
                count().over().minus(rowNumber().over(orderBy(priority, runAt, jobId))).as(BEHIND)))
        .from(tried);
  }

  /**
   * One row, which the planner takes for a thousand, since it can't see through the subquery. It so
   * believes that there are many more candidates than it is asked for, and reads them in the order
   * of the index whatever it knows of the table. Else a plan made while the table is empty, which a
   * session keeps, reads and sorts the whole table once there are a million jobs.
   */
  private static Table<?> oneThatLooksLikeMany() {
    return generateSeries(inline(1), field(select(inline(1))));
  }

  /**
   * Locks up to {@code limit} jobs.
   *
   * @param held the ids of the jobs whose locks this session holds already
   * @return the keys of the jobs that are locked now, in no particular order
   */
  public List<JobKey> execute(Connection session, String queue, int limit, Collection<Long> held) {
    return statement.query(
        session,
        row ->
            new JobKey(
                queue, row.getShort(1), row.getObject(2, OffsetDateTime.class), row.getLong(3)),
        queue,
        (long) limit,
        held.toArray(Long[]::new));
  }
}
