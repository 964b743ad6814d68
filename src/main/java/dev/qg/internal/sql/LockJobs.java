package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.column;
import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.condition;
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
import org.jooq.Record;
import org.jooq.Row2;
import org.jooq.Select;
import org.jooq.SelectLimitStep;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/**
 * Locks the most urgent due jobs of a queue that nobody else has locked, at most as many as wanted,
 * and returns their keys.
 *
 * <p>The query walks the primary key's index priority by priority, in chunks. A row of {@code
 * start} is the place where a chunk starts. If the job at that place is due, the query reads up to
 * a thousand due jobs of that priority from there on, and tries their locks one by one until it has
 * as many as are wanted. Only if it needs more, it looks for the next place: behind a full chunk
 * the next due job of that priority, else the first job of the next priority. The jobs of a
 * priority are ordered by time, so a first job that is not due ends the look at its priority: jobs
 * for later are not read, however many there are.
 *
 * <pre>{@code
 * with recursive "start" as (select cast(? as int) as "priority",
 *       cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id"
 *   where current_setting('transaction_read_only') = 'off'
 *   union all
 *   select cast("next"."priority" as int), "next"."run_at", "next"."job_id"
 *   from "start"
 *   cross join lateral ((select "job"."priority", "job"."run_at", "job"."job_id"
 *       from "que_jobs" as "job"
 *       cross join generate_series(1, (select 1))
 *       where ("job"."queue" = ?
 *         and "job"."priority" = "start"."priority"
 *         and "job"."run_at" <= now()
 *         and ("job"."run_at", "job"."job_id") >= ("start"."run_at", "start"."job_id")
 *         and not ("job"."job_id" = any (select unnest(cast(? as bigint[]))))
 *         and "start"."run_at" <= now())
 *       order by "job"."priority", "job"."run_at", "job"."job_id"
 *       offset 1000 rows
 *       fetch next 1 rows only)
 *     union all (select "job"."priority", "job"."run_at", "job"."job_id"
 *       from "que_jobs" as "job"
 *       cross join generate_series(1, (select 1))
 *       where ("job"."queue" = ? and "job"."priority" > "start"."priority")
 *       order by "job"."priority", "job"."run_at", "job"."job_id"
 *       fetch next 1 rows only)
 *     fetch next 1 rows only) as "next")
 * select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
 * from "start"
 * cross join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
 *   from "que_jobs" as "job"
 *   cross join generate_series(1, (select 1))
 *   where ("job"."queue" = ?
 *     and "job"."priority" = "start"."priority"
 *     and "job"."run_at" <= now()
 *     and ("job"."run_at", "job"."job_id") >= ("start"."run_at", "start"."job_id")
 *     and not ("job"."job_id" = any (select unnest(cast(? as bigint[])))))
 *   order by "job"."priority", "job"."run_at", "job"."job_id"
 *   fetch next 1000 rows only) as "candidate"
 * where ("start"."run_at" <= now() and pg_try_advisory_lock("candidate"."job_id"))
 * fetch next (select cast(? as bigint)) rows only
 * }</pre>
 *
 * <p><b>Cost</b>: two descents of the index for each chunk, and one for each priority in which no
 * job is due.
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
 * without a sort. Four things are there for the planner only. The {@code generate_series} (see
 * {@link Functions#oneThatLooksLikeMany}). The size of a chunk in the text, which keeps the
 * estimate below the cost from which the server compiles a query first ({@code jit_above_cost}).
 * The subquery around the number of wanted jobs, which keeps a plan for any number from looking
 * more expensive than a plan for this one, so that the session keeps it. The comparison of {@code
 * run_at} and {@code job_id} without {@code priority}, which is a bound in the index only so. Held
 * ids are looked up in a hash table, where {@code <> all (array)} would go through the array for
 * each row.
 *
 * <p><b>Concurrency</b>: the snapshot is older than the locks, so a job that is returned may have
 * been done and deleted in between: {@link RereadJobs} must look again. A session gets the locks
 * that it holds once more, and they stack: {@code held} leaves those out. A statement that fails
 * half way leaves the session with the locks that it took: {@link SelectOwnLocks} finds them.
 */
public final class LockJobs {

  static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  static final Param<Integer> PRIORITY = param("priority", SQLDataType.INTEGER);
  private static final Param<Long> LIMIT = param("limit", SQLDataType.BIGINT);
  private static final Param<Long[]> HELD = param("held", SQLDataType.BIGINT.array());

  static final QueJobs JOB = QUE_JOBS.as("job");
  private static final Name START = name("start");
  private static final Name NEXT = name("next");

  /** The most rows of a chunk, said in the SQL itself so that the planner knows. */
  static final int CHUNK = 1_000;

  /** A priority before all others, which no job can have, stands for the start of a queue. */
  static final int BEFORE_ALL = Short.MIN_VALUE - 1;

  private final Rendered statement;

  LockJobs(Renderer renderer) {
    statement =
        renderer.renderHot(
            query(), QUEUE, LIMIT, HELD, PRIORITY, KeyParams.RUN_AT, KeyParams.JOB_ID);
  }

  static Query query() {
    Table<?> candidate = freeCandidates(noCondition()).limit(inline(CHUNK)).asTable("candidate");
    Field<Long> wanted = field(select(LIMIT.cast(SQLDataType.BIGINT)));
    return withRecursive(START)
        .as(
            select(
                    PRIORITY.cast(SQLDataType.INTEGER).as(JOB.PRIORITY),
                    KeyParams.RUN_AT.as(JOB.RUN_AT),
                    KeyParams.JOB_ID.cast(SQLDataType.BIGINT).as(JOB.JOB_ID))
                .where(Functions.writable())
                .unionAll(
                    select(
                            column(NEXT, JOB.PRIORITY).cast(SQLDataType.INTEGER),
                            column(NEXT, JOB.RUN_AT),
                            column(NEXT, JOB.JOB_ID))
                        .from(table(START))
                        .crossJoin(lateral(next()).as(NEXT))))
        .select(
            candidate.field(JOB.PRIORITY), candidate.field(JOB.RUN_AT), candidate.field(JOB.JOB_ID))
        .from(table(START))
        .crossJoin(lateral(candidate))
        .where(startIsDue())
        .and(condition(Functions.tryAdvisoryLock(candidate.field(JOB.JOB_ID))))
        .limit(wanted);
  }

  /** Where the next chunk starts. */
  private static Select<?> next() {
    return freeCandidates(startIsDue())
        .limit(inline(1))
        .offset(inline(CHUNK))
        .unionAll(jobs(JOB.PRIORITY.gt(column(START, JOB.PRIORITY))).limit(inline(1)))
        .limit(inline(1));
  }

  /** Else no later job of that priority is due. */
  private static Condition startIsDue() {
    return column(START, JOB.RUN_AT).le(Functions.now());
  }

  /** The candidates from the start of the chunk on that are not held. */
  private static SelectLimitStep<Record> freeCandidates(Condition condition) {
    return candidates(
        column(START, JOB.PRIORITY),
        row(column(START, JOB.RUN_AT), column(START, JOB.JOB_ID)),
        not(JOB.JOB_ID.eq(any(select(unnest(HELD, SQLDataType.BIGINT))))).and(condition));
  }

  /** The due jobs of a priority from a place on, in the order of work: their keys, and more. */
  static SelectLimitStep<Record> candidates(
      Field<Short> priority,
      Row2<OffsetDateTime, Long> from,
      Condition condition,
      Field<?>... more) {
    return jobs(
        JOB.PRIORITY
            .eq(priority)
            .and(JOB.RUN_AT.le(Functions.now()))
            .and(row(JOB.RUN_AT, JOB.JOB_ID).ge(from))
            .and(condition),
        more);
  }

  /** The jobs of the queue in the order of work, due or not: their keys, and more. */
  static SelectLimitStep<Record> jobs(Condition condition, Field<?>... more) {
    return select(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID)
        .select(more)
        .from(JOB)
        .crossJoin(Functions.oneThatLooksLikeMany())
        .where(JOB.QUEUE.eq(QUEUE))
        .and(condition)
        .orderBy(JOB.PRIORITY, JOB.RUN_AT, JOB.JOB_ID);
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
    JobKey from = behind == null ? null : behind.next();
    return statement.query(
        session,
        row -> key(queue, row),
        queue,
        (long) limit,
        held.toArray(Long[]::new),
        from == null ? BEFORE_ALL : from.priority(),
        // Of the priority before all others, no job is looked for.
        from == null ? OffsetDateTime.MAX : from.runAt(),
        from == null ? 0 : from.id());
  }

  /** Reads the priority, the time and the id. */
  static JobKey key(String queue, ResultSet row) throws SQLException {
    return new JobKey(queue, row.getShort(1), TimestampText.read(row, 2), row.getLong(3));
  }
}
