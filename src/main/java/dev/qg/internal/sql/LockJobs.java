package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.column;
import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.arrayAgg;
import static org.jooq.impl.DSL.castNull;
import static org.jooq.impl.DSL.condition;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.lateral;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.noCondition;
import static org.jooq.impl.DSL.not;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.trueCondition;
import static org.jooq.impl.DSL.withRecursive;

import dev.qg.jooq.tables.QueJobs;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.Row3;
import org.jooq.Select;
import org.jooq.SelectLimitStep;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/**
 * Locks the most urgent due jobs of a queue that nobody else has locked, at most as many as wanted,
 * and tells their keys.
 *
 * <p>It is the recursive query of Ruby's Que, taken a chunk a step. A step goes through up to a
 * thousand candidates in the order of the primary key's index, trying their locks one by one, and
 * stops as soon as it has as many as are wanted. It is one row: what it locked, as arrays; how many
 * are still wanted; and the last of its candidates, behind which the next step goes on, if it is
 * needed and there were a thousand. A step opens the index anew, so that what is locked by others
 * costs a step for each chunk and not for each row.
 *
 * <pre>{@code
 * with recursive "step" as (select cast(? as smallint) as "priority",
 *       cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id",
 *       cast(? as bigint) as "wanted", cast(null as smallint[]) as "priorities",
 *       cast(null as timestamp with time zone[]) as "run_ats", cast(null as bigint[]) as "job_ids"
 *   where current_setting('transaction_read_only') = 'off'
 *   union all
 *   select "last"."priority", "last"."run_at", "last"."job_id", ("step"."wanted" - "taken"."count"),
 *       "taken"."priorities", "taken"."run_ats", "taken"."job_ids"
 *   from "step"
 *   cross join lateral (select count(*) as "count", array_agg("locked"."priority") as "priorities",
 *         array_agg("locked"."run_at") as "run_ats", array_agg("locked"."job_id") as "job_ids"
 *     from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
 *       from (select "job"."priority", "job"."run_at", "job"."job_id"
 *         from "que_jobs" as "job"
 *         cross join generate_series(1, (select 1))
 *         where ("job"."queue" = ?
 *           and "job"."run_at" <= now()
 *           and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id")
 *           and not ("job"."job_id" = any (select unnest(cast(? as bigint[])))))
 *         order by "job"."priority", "job"."run_at", "job"."job_id"
 *         fetch next 1000 rows only) as "candidate"
 *       where pg_try_advisory_lock("candidate"."job_id")
 *       fetch next "step"."wanted" rows only) as "locked") as "taken"
 *   left outer join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
 *     from "que_jobs" as "job"
 *     cross join generate_series(1, (select 1))
 *     where ("job"."queue" = ?
 *       and "job"."run_at" <= now()
 *       and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id")
 *       and not ("job"."job_id" = any (select unnest(cast(? as bigint[]))))
 *       and "taken"."count" < "step"."wanted")
 *     order by "job"."priority", "job"."run_at", "job"."job_id"
 *     offset 999 rows
 *     fetch next 1 rows only) as "last"
 *   on true
 *   where "step"."job_id" is not null)
 * select unnest("step"."priorities"), unnest("step"."run_ats"), unnest("step"."job_ids")
 * from "step"
 * }</pre>
 *
 * <p><b>Locks</b>: none where nothing can be written: no job could be ended there, and on a standby
 * its lock would keep nobody else from it. The server asks that once, before it looks for jobs.
 * Else for each key that it returns, the session's advisory lock with that {@code job_id} as its
 * one bigint key, until {@link UnlockJobs}. No row is locked. The {@code LIMIT} under {@code
 * pg_try_advisory_lock} keeps the planner from calling it further down, for rows that are not
 * candidates. The one above it stops the executor, which asks for one row at a time, at the last
 * lock that was wanted: nothing is locked that is not returned.
 *
 * <p><b>Index</b>: the primary key {@code (queue, priority, run_at, job_id)}, read in its order
 * without a sort. Two things are there for the planner only: the {@code generate_series} (see
 * {@link Functions#oneThatLooksLikeMany}), and the size of a chunk in the text, which keeps the
 * estimate below the cost from which the server compiles a query first ({@code jit_above_cost}).
 * What is held is looked up in a hash table, where {@code <> all (array)} would go through the
 * array for each row.
 *
 * <p><b>Concurrency</b>: the snapshot is older than the locks, so a job that is returned may have
 * been done and deleted in between: {@link RereadJobs} must look again. A session gets the locks
 * that it holds once more, and they stack: {@code held} leaves those out. A statement that fails
 * half way leaves the session with the locks that it took: {@link SelectOwnLocks} finds them.
 */
public final class LockJobs {

  static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  private static final Param<Long> LIMIT = param("limit", SQLDataType.BIGINT);
  private static final Param<Long[]> HELD = param("held", SQLDataType.BIGINT.array());

  static final QueJobs JOB = QUE_JOBS.as("job");
  private static final Name STEP = name("step");
  private static final Name TAKEN = name("taken");
  private static final Name LAST = name("last");

  private static final Field<Long> WANTED = field(name("wanted"), SQLDataType.BIGINT);
  private static final Field<Long> COUNT = field(name("count"), SQLDataType.BIGINT);
  private static final Field<Short[]> PRIORITIES =
      field(name("priorities"), SQLDataType.SMALLINT.array());
  private static final Field<OffsetDateTime[]> RUN_ATS =
      field(name("run_ats"), SQLDataType.TIMESTAMPWITHTIMEZONE.array());
  private static final Field<Long[]> JOB_IDS = field(name("job_ids"), SQLDataType.BIGINT.array());

  /** The most rows that a step goes through, said in the SQL itself so that the planner knows. */
  static final int CHUNK = 1_000;

  /** No job comes before it: no sequence gives that id. */
  static final JobKey START = new JobKey("", Short.MIN_VALUE, OffsetDateTime.MIN, Long.MIN_VALUE);

  private final Rendered statement;

  LockJobs(Renderer renderer) {
    statement =
        renderer.renderHot(
            query(), QUEUE, LIMIT, HELD, KeyParams.PRIORITY, KeyParams.RUN_AT, KeyParams.JOB_ID);
  }

  static Query query() {
    Field<Long> wanted = column(STEP, WANTED);
    return withRecursive(STEP)
        .as(
            select(
                    KeyParams.PRIORITY.cast(SQLDataType.SMALLINT).as(JOB.PRIORITY),
                    KeyParams.RUN_AT.as(JOB.RUN_AT),
                    KeyParams.JOB_ID.cast(SQLDataType.BIGINT).as(JOB.JOB_ID),
                    LIMIT.cast(SQLDataType.BIGINT).as(WANTED),
                    none(PRIORITIES),
                    none(RUN_ATS),
                    none(JOB_IDS))
                .where(Functions.writable())
                .unionAll(
                    select(
                            column(LAST, JOB.PRIORITY),
                            column(LAST, JOB.RUN_AT),
                            column(LAST, JOB.JOB_ID),
                            wanted.minus(column(TAKEN, COUNT)),
                            column(TAKEN, PRIORITIES),
                            column(TAKEN, RUN_ATS),
                            column(TAKEN, JOB_IDS))
                        .from(table(STEP))
                        .crossJoin(lateral(taken(wanted)).as(TAKEN))
                        .leftJoin(lateral(last(wanted)).as(LAST))
                        .on(trueCondition())
                        .where(column(STEP, JOB.JOB_ID).isNotNull())))
        .select(
            unnest(column(STEP, PRIORITIES), SQLDataType.SMALLINT),
            unnest(column(STEP, RUN_ATS), SQLDataType.TIMESTAMPWITHTIMEZONE),
            unnest(column(STEP, JOB_IDS), SQLDataType.BIGINT))
        .from(table(STEP));
  }

  /** What a step locks: one row of arrays, which are null if that is nothing. */
  private static Select<?> taken(Field<Long> wanted) {
    Table<?> candidate = freeCandidates(noCondition()).limit(inline(CHUNK)).asTable("candidate");
    Table<?> locked =
        select(
                candidate.field(JOB.PRIORITY),
                candidate.field(JOB.RUN_AT),
                candidate.field(JOB.JOB_ID))
            .from(candidate)
            .where(condition(Functions.tryAdvisoryLock(candidate.field(JOB.JOB_ID))))
            .limit(wanted)
            .asTable("locked");
    return select(
            count().as(COUNT),
            arrayAgg(locked.field(JOB.PRIORITY)).as(PRIORITIES),
            arrayAgg(locked.field(JOB.RUN_AT)).as(RUN_ATS),
            arrayAgg(locked.field(JOB.JOB_ID)).as(JOB_IDS))
        .from(locked);
  }

  /** The last candidate of a step that was a whole chunk and not enough. */
  private static Select<?> last(Field<Long> wanted) {
    return freeCandidates(column(TAKEN, COUNT).lt(wanted))
        .limit(inline(1))
        .offset(inline(CHUNK - 1));
  }

  /** The candidates behind the step's key that are not held. */
  private static SelectLimitStep<?> freeCandidates(Condition condition) {
    return candidates(
        row(column(STEP, JOB.PRIORITY), column(STEP, JOB.RUN_AT), column(STEP, JOB.JOB_ID)),
        not(JOB.JOB_ID.eq(any(select(unnest(HELD, SQLDataType.BIGINT))))).and(condition));
  }

  /** The due jobs of the queue behind a key, in the order of work: their keys, and more. */
  static SelectLimitStep<?> candidates(
      Row3<Short, OffsetDateTime, Long> behind, Condition condition, Field<?>... more) {
    return select(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID)
        .select(more)
        .from(JOB)
        .crossJoin(Functions.oneThatLooksLikeMany())
        .where(JOB.QUEUE.eq(QUEUE))
        .and(JOB.RUN_AT.le(Functions.now()))
        .and(row(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID).gt(behind))
        .and(condition)
        .orderBy(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID);
  }

  private static <T> Field<T[]> none(Field<T[]> column) {
    return castNull(column.getDataType()).as(column);
  }

  /**
   * Locks up to {@code limit} jobs.
   *
   * @param held the ids of the jobs whose locks this session holds already
   * @param behind only jobs that come after this one are looked at; null for all
   * @return the keys of the jobs that are locked now, in the order of work
   */
  public List<JobKey> execute(
      Connection session, String queue, int limit, Collection<Long> held, @Nullable JobKey behind) {
    JobKey from = behind == null ? START : behind;
    return statement.query(
        session,
        row -> key(queue, row),
        queue,
        (long) limit,
        held.toArray(Long[]::new),
        from.priority(),
        from.runAt(),
        from.id());
  }

  /** Reads the priority, the time and the id. */
  static JobKey key(String queue, ResultSet row) throws SQLException {
    return new JobKey(queue, row.getShort(1), TimestampText.read(row, 2), row.getLong(3));
  }
}
