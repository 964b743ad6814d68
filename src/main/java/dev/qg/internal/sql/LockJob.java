package dev.qg.internal.sql;

import static dev.qg.internal.sql.LockJobs.JOB;
import static org.jooq.impl.DSL.condition;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.noCondition;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.time.OffsetDateTime;
import java.util.List;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Query;
import org.jooq.Record4;
import org.jooq.SelectJoinStep;
import org.jooq.SelectLimitStep;
import org.jooq.Table;
import org.jspecify.annotations.Nullable;

/**
 * Locks the most urgent due job of a queue that nobody else has locked, and tells its key. It does
 * what {@link LockJobs} does for many: for one job, most of that query's time went into its setup.
 *
 * <p>It goes through up to a thousand candidates in the order of the primary key's index, trying
 * their locks one by one, and returns the first one that it gets. Where all of a thousand are
 * locked by others, it returns the last of them instead, which is not locked, and the next
 * execution goes on behind that.
 *
 * <pre>{@code
 * (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id", true as "locked"
 *   from (select "job"."priority", "job"."run_at", "job"."job_id"
 *     from "que_jobs" as "job"
 *     cross join generate_series(1, (select 1))
 *     where ("job"."queue" = ?
 *       and "job"."run_at" <= now()
 *       and ("job"."priority", "job"."run_at", "job"."job_id") > (?, cast(? as timestamp with time zone), ?))
 *     order by "job"."priority", "job"."run_at", "job"."job_id"
 *     fetch next 1000 rows only) as "candidate"
 *   where pg_try_advisory_lock("candidate"."job_id")
 *   fetch next 1 rows only)
 * union all (select "last"."priority", "last"."run_at", "last"."job_id", false as "locked"
 *   from (select "job"."priority", "job"."run_at", "job"."job_id"
 *     from "que_jobs" as "job"
 *     cross join generate_series(1, (select 1))
 *     where ("job"."queue" = ?
 *       and "job"."run_at" <= now()
 *       and ("job"."priority", "job"."run_at", "job"."job_id") > (?, cast(? as timestamp with time zone), ?))
 *     order by "job"."priority", "job"."run_at", "job"."job_id"
 *     offset 999 rows
 *     fetch next 1 rows only) as "last")
 * fetch next 1 rows only
 * }</pre>
 *
 * <p><b>Locks</b>: for the key that it returns as locked, the session's advisory lock with that
 * {@code job_id} as its one bigint key, until {@link UnlockJobs}. No row is locked. The limits keep
 * it from trying locks of rows that it does not return, as in {@link LockJobs}; the second part of
 * the union runs only where the first one gives nothing.
 *
 * <p><b>Index</b>: the primary key, read in its order; {@code generate_series} and the size of a
 * chunk are there for the planner, as in {@link LockJobs}.
 *
 * <p><b>Concurrency</b>: the snapshot is older than the lock, so the job may have been done and
 * deleted in between: {@link RereadJobs} must look again. The session must hold no lock of a job of
 * that queue, which it would get once more.
 */
public final class LockJob {

  private static final Name LOCKED = name("locked");

  /** What a look found: a job that is locked now, or one up to which all are others'. */
  private record Found(JobKey key, boolean locked) {}

  private final Rendered statement;

  LockJob(Renderer renderer) {
    statement =
        renderer.renderHot(
            query(), LockJobs.QUEUE, KeyParams.PRIORITY, KeyParams.RUN_AT, KeyParams.JOB_ID);
  }

  static Query query() {
    Table<?> candidate = candidates().limit(inline(LockJobs.CHUNK)).asTable("candidate");
    Table<?> last =
        candidates().limit(inline(1)).offset(inline(LockJobs.CHUNK - 1)).asTable("last");
    Field<Boolean> gotLock = Functions.tryAdvisoryLock(candidate.field(JOB.JOB_ID));
    return columns(candidate, true)
        .where(condition(gotLock))
        .limit(inline(1))
        .unionAll(columns(last, false))
        .limit(inline(1));
  }

  private static SelectJoinStep<Record4<Short, OffsetDateTime, Long, Boolean>> columns(
      Table<?> of, boolean locked) {
    return select(
            of.field(JOB.PRIORITY),
            of.field(JOB.RUN_AT),
            of.field(JOB.JOB_ID),
            inline(locked).as(LOCKED))
        .from(of);
  }

  private static SelectLimitStep<?> candidates() {
    return LockJobs.candidates(
        row(KeyParams.PRIORITY, KeyParams.RUN_AT, KeyParams.JOB_ID), noCondition());
  }

  /**
   * Locks a job.
   *
   * @param behind only jobs that come after this one are looked at; null for all
   * @return the key of the job that is locked now; empty if there is none
   */
  public List<JobKey> execute(Connection session, String queue, @Nullable JobKey behind) {
    JobKey from = behind == null ? LockJobs.START : behind;
    while (true) {
      List<Found> found =
          statement.query(
              session,
              row -> new Found(LockJobs.key(queue, row), row.getBoolean(4)),
              queue,
              from.priority(),
              from.runAt(),
              from.id());
      if (found.isEmpty()) {
        return List.of();
      }
      JobKey key = found.get(0).key;
      if (found.get(0).locked) {
        return List.of(key);
      }
      from = key;
    }
  }
}
