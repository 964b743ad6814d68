package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.not;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jooq.JSON;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.Row3;
import org.jooq.SelectJoinStep;
import org.jooq.impl.SQLDataType;

/**
 * Reads jobs by their keys, after they were locked: what is gone by now was done by somebody else
 * between the snapshot of {@link LockJobs} and its lock, and must not run again.
 *
 * <p>It goes from the first key to the last, as the lock query has just done, which costs a third
 * of looking each of them up. Of what lies between, it returns the jobs with the ids of the keys;
 * one of those that was retried in the meantime has another key, and is left out here.
 *
 * <pre>{@code
 * select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
 *     "que_jobs"."job_class", "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error",
 *     "que_jobs".ctid
 * from "que_jobs"
 * cross join generate_series(1, (select 1))
 * where ("que_jobs"."queue" = ?
 *   and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") >= (?, cast(? as timestamp with time zone), ?)
 *   and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") <= (?, cast(? as timestamp with time zone), ?)
 *   and not ("que_jobs"."job_id" not in (select unnest(cast(? as bigint[])))))
 * order by "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
 * fetch next 1000 rows only
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: the primary key, in its order, from the first to the last;
 * {@code generate_series} and the 1000 are there for the planner, as in {@link LockJobs}. The
 * double negation is, too: it makes a hash table of the ids, where a plain {@code in} is a join,
 * which may compare each row with each id. <b>Concurrency</b>: it must be a statement of its own
 * that starts after the locks are held, with a snapshot of its own; nobody who follows the protocol
 * deletes a job whose lock is held by us, so what it finds stays.
 */
public final class RereadJobs {

  private static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  private static final Param<Long[]> IDS = param("ids", SQLDataType.BIGINT.array());
  private static final KeyParam FIRST = KeyParam.of("first");
  private static final KeyParam LAST = KeyParam.of("last");

  /** The most keys of a statement, said in the SQL itself so that the planner knows it too. */
  private static final int CHUNK = 1_000;

  /** A place in the order of the jobs of a queue. */
  private record KeyParam(Param<Short> priority, Param<OffsetDateTime> runAt, Param<Long> jobId) {

    static KeyParam of(String name) {
      return new KeyParam(
          param(name + "_priority", SQLDataType.SMALLINT),
          param(name + "_run_at", SQLDataType.TIMESTAMPWITHTIMEZONE),
          param(name + "_job_id", SQLDataType.BIGINT));
    }

    Row3<Short, OffsetDateTime, Long> asRow() {
      return row(priority, runAt, jobId);
    }
  }

  private final Rendered statement;

  RereadJobs(Renderer renderer) {
    statement =
        renderer.renderHot(
            query(),
            QUEUE,
            FIRST.priority,
            FIRST.runAt,
            FIRST.jobId,
            LAST.priority,
            LAST.runAt,
            LAST.jobId,
            IDS);
  }

  static Query query() {
    Row3<Short, OffsetDateTime, Long> place =
        row(QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID);
    return jobs()
        .crossJoin(Functions.oneThatLooksLikeMany())
        .where(QUE_JOBS.QUEUE.eq(QUEUE))
        .and(place.ge(FIRST.asRow()))
        .and(place.le(LAST.asRow()))
        .and(not(QUE_JOBS.JOB_ID.notIn(select(unnest(IDS, SQLDataType.BIGINT)))))
        .orderBy(QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID)
        .limit(inline(CHUNK));
  }

  /** All that {@link #read} reads of a job. */
  static SelectJoinStep<?> jobs() {
    return select(
            QUE_JOBS.QUEUE,
            QUE_JOBS.PRIORITY,
            QUE_JOBS.RUN_AT,
            QUE_JOBS.JOB_ID,
            QUE_JOBS.JOB_CLASS,
            QUE_JOBS.ARGS,
            QUE_JOBS.ERROR_COUNT,
            QUE_JOBS.LAST_ERROR,
            QUE_JOBS.rowid())
        .from(QUE_JOBS);
  }

  /**
   * Reads the jobs that are still there.
   *
   * @param keys all of the same queue, and better of the same lock query: what lies between them is
   *     gone through
   * @return in the order in which they are to be worked
   */
  public List<JobRow> execute(Connection session, String queue, List<JobKey> keys) {
    List<JobKey> inOrder = keys.stream().sorted().toList();
    Set<JobKey> wanted = new HashSet<>(keys);
    List<JobRow> rows = new ArrayList<>(keys.size());
    for (int from = 0; from < inOrder.size(); from += CHUNK) {
      List<JobKey> chunk = inOrder.subList(from, Math.min(from + CHUNK, inOrder.size()));
      for (JobRow row : read(session, queue, chunk)) {
        if (wanted.contains(row.key())) {
          rows.add(row);
        }
      }
    }
    return rows;
  }

  private List<JobRow> read(Connection session, String queue, List<JobKey> keys) {
    JobKey first = keys.get(0);
    JobKey last = keys.get(keys.size() - 1);
    return statement.query(
        session,
        RereadJobs::read,
        queue,
        first.priority(),
        first.runAt(),
        first.id(),
        last.priority(),
        last.runAt(),
        last.id(),
        KeyArrays.ids(keys));
  }

  static JobRow read(ResultSet row) throws SQLException {
    return new JobRow(
        JobKey.read(row),
        row.getString(5),
        JSON.json(row.getString(6)),
        row.getInt(7),
        row.getString(8),
        row.getString(9));
  }
}
