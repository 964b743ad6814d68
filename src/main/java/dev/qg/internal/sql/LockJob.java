package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.setting;
import static dev.qg.internal.sql.Functions.withSetting;
import static dev.qg.internal.sql.LockJobs.JOB;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.cast;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.condition;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.noCondition;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.when;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Query;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;
import org.jspecify.annotations.Nullable;

/**
 * Locks the first due job of one priority that nobody else has locked, and looks again whether it
 * is still there: two statements in one round trip. It does what {@link LockJobs} and {@link
 * RereadJobs} do for many: for one job, most of their time went into their setup and the way there
 * and back.
 *
 * <p>The priority is that of the job behind which it looks, or at the start of a queue that of its
 * first job. The first statement goes through up to a thousand candidates in the order of the
 * primary key's index, trying their locks one by one, and returns the first one that it gets. It
 * leaves the place of that row in a setting of the transaction, where the second one finds it. If
 * it finds none, the queue may have due jobs all the same, of other priorities or behind a thousand
 * that others have locked: {@link LockJobs} looks for those.
 *
 * <pre>{@code
 * select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
 *     (set_config('qg.place', cast("candidate"."place" as text), true) is not null)
 * from (select "job"."priority", "job"."run_at", "job"."job_id", "job".ctid as "place"
 *   from "que_jobs" as "job"
 *   cross join generate_series(1, (select 1))
 *   where ("job"."queue" = ?
 *     and "job"."priority" = coalesce(case when cast(? as int) <> -32769 then cast(? as int) end,
 *           (select "first"."priority"
 *         from (select "job"."priority", "job"."run_at", "job"."job_id"
 *           from "que_jobs" as "job"
 *           cross join generate_series(1, (select 1))
 *           where "job"."queue" = ?
 *           order by "job"."priority", "job"."run_at", "job"."job_id"
 *           fetch next 1 rows only) as "first"))
 *     and "job"."run_at" <= now()
 *     and ("job"."run_at", "job"."job_id") >= (cast(? as timestamp with time zone), ?)
 *     and (select set_config('enable_seqscan', 'off', true)) is not null
 *     and current_setting('transaction_read_only') = 'off')
 *   order by "job"."priority", "job"."run_at", "job"."job_id"
 *   fetch next 1000 rows only) as "candidate"
 * where pg_try_advisory_lock("candidate"."job_id")
 * fetch next 1 rows only;
 * select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
 *     "que_jobs"."job_class", "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error",
 *     "que_jobs".ctid
 * from "que_jobs"
 * where ("que_jobs".ctid = cast(case when current_setting('qg.place', true) <> '' then current_setting('qg.place', true) end as tid)
 *   and current_setting('transaction_isolation') = 'read committed')
 * }</pre>
 *
 * <p><b>Locks</b>: none where nothing can be written, as in {@link LockJobs}; else for the key that
 * it returns, the session's advisory lock with that {@code job_id} as its one bigint key, until
 * {@link UnlockJobs} or {@link FinishJob}. No row is locked. The limits keep it from trying locks
 * of rows that it does not return, as in {@link LockJobs}.
 *
 * <p><b>Index</b>: the primary key, read in its order, so that jobs for later are not read; {@code
 * generate_series} and the size of a chunk are there for the planner, as in {@link LockJobs}. The
 * second look reads the row from its place. A session keeps its plan for that, also from when the
 * table was empty and reading all of it was cheaper: so that is ruled out for the transaction, in
 * which the plan is made.
 *
 * <p><b>Concurrency</b>: the snapshot of the first statement is older than the lock, so the job may
 * have been done and deleted in between. The second one has a snapshot of its own if the session's
 * transactions are {@code read committed}, which it asks. What it finds counts only if it has the
 * same key: another job may be in that place by then. Where it finds nothing, that decides nothing,
 * and {@link RereadJobs} must look again: the row may have been updated, and so have moved, or the
 * driver may have sent the statements one by one, each in a transaction of its own. It does so
 * where it knows the result of the second one to be of unlimited size, which it never learns of a
 * statement without parameters. The session must hold no lock of a job of that queue, which it
 * would get once more.
 */
public final class LockJob {

  /**
   * A job that is locked now.
   *
   * @param row null if it must be looked for again
   */
  public record Locked(JobKey key, @Nullable JobRow row) {}

  private static final Name PLACE = name("place");

  /** Where the first statement leaves the place of the row for the second one. */
  private static final Field<String> FOUND = inline("qg.place");

  private final Rendered statements;

  LockJob(Renderer renderer) {
    statements =
        renderer.renderHot(
            List.of(lock(), lookAgain()),
            LockJobs.QUEUE,
            LockJobs.PRIORITY,
            KeyParams.RUN_AT,
            KeyParams.JOB_ID);
  }

  static Query lock() {
    // The setting is made whether or not there is a candidate.
    Condition byPlace =
        field(select(withSetting(inline("enable_seqscan"), inline("off")))).isNotNull();
    Table<?> candidate =
        LockJobs.candidates(
                priority(),
                row(KeyParams.RUN_AT, KeyParams.JOB_ID),
                byPlace.and(Functions.writable()),
                Place.in(JOB).as(PLACE))
            .limit(inline(LockJobs.CHUNK))
            .asTable("candidate");
    Field<String> place = cast(candidate.field(PLACE, Place.TYPE), SQLDataType.CLOB);
    return select(
            candidate.field(JOB.PRIORITY),
            candidate.field(JOB.RUN_AT),
            candidate.field(JOB.JOB_ID),
            // A condition, as the text itself would be a result of unlimited size.
            field(withSetting(FOUND, place).isNotNull()))
        .from(candidate)
        .where(condition(Functions.tryAdvisoryLock(candidate.field(JOB.JOB_ID))))
        .limit(inline(1));
  }

  /** The given one, or at the start of a queue the most urgent one that any of its jobs has. */
  private static Field<Short> priority() {
    Field<Integer> priority = LockJobs.PRIORITY.cast(SQLDataType.INTEGER);
    Field<Integer> given = when(priority.ne(inline(LockJobs.BEFORE_ALL)), priority);
    Table<?> first = LockJobs.jobs(noCondition()).limit(inline(1)).asTable("first");
    return coalesce(given, field(select(first.field(JOB.PRIORITY)).from(first)))
        .coerce(SQLDataType.SMALLINT);
  }

  static Query lookAgain() {
    Field<String> place = function("current_setting", SQLDataType.CLOB, FOUND, inline(true));
    return RereadJobs.jobs(QUE_JOBS.ARGS)
        .where(Place.in(QUE_JOBS).eq(cast(when(place.ne(inline("")), place), Place.TYPE)))
        .and(setting(inline("transaction_isolation")).eq(inline("read committed")));
  }

  /**
   * Locks a job.
   *
   * @param behind only jobs that come after this one are looked at; null for all
   * @return the job that is locked now; empty if there is none of the one priority, or all of its
   *     first thousand are locked by others
   */
  public Optional<Locked> execute(Connection session, String queue, @Nullable JobKey behind) {
    JobKey from = behind == null ? null : behind.next();
    return statements.queryAll(
        session,
        results -> read(results, queue),
        queue,
        from == null ? LockJobs.BEFORE_ALL : from.priority(),
        from == null ? OffsetDateTime.MIN : from.runAt(),
        from == null ? Long.MIN_VALUE : from.id());
  }

  private static Optional<Locked> read(Results results, String queue) throws SQLException {
    List<JobKey> locked = results.rows(row -> LockJobs.key(queue, row));
    List<JobRow> seen = results.rows(RereadJobs::read);
    return locked.stream().map(key -> new Locked(key, find(key, seen))).findAny();
  }

  private static @Nullable JobRow find(JobKey key, List<JobRow> rows) {
    return rows.stream().filter(row -> row.key().equals(key)).findAny().orElse(null);
  }
}
