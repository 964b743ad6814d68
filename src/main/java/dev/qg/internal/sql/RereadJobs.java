package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.not;
import static org.jooq.impl.DSL.octetLength;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.when;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jooq.Condition;
import org.jooq.Field;
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
 * <p>A thousand jobs can have more args than there is memory. So it reads short args only, and of
 * longer ones the length; then it runs once more, for those of them that there is room for. How
 * large args are as they are stored is known for nothing, but what they are uncompressed is not.
 *
 * <pre>{@code
 * select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
 *     "que_jobs"."job_class",
 *     case when not (pg_column_size("que_jobs"."args") > ?
 *   and (pg_column_size("que_jobs"."args") > 8192 or octet_length(cast("que_jobs"."args" as text)) > 8192)) then "que_jobs"."args" end,
 *     "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs".ctid,
 *     case when (pg_column_size("que_jobs"."args") > ?
 *   and (pg_column_size("que_jobs"."args") > 8192 or octet_length(cast("que_jobs"."args" as text)) > 8192)) then octet_length(cast("que_jobs"."args" as text)) end
 * from "que_jobs"
 * cross join generate_series(1, (select 1))
 * where ("que_jobs"."queue" = ?
 *   and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") >= (?, cast(? as timestamp with time zone), ?)
 *   and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") <= (?, cast(? as timestamp with time zone), ?)
 *   and not (not ("que_jobs"."job_id" = any (select unnest(cast(? as bigint[]))))))
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

  private static final Param<Integer> UNASKED = param("unasked", SQLDataType.INTEGER);

  /** The most keys of a statement, said in the SQL itself so that the planner knows it too. */
  private static final int CHUNK = 1_000;

  /**
   * The size of args as they are stored up to which they are read whatever their length is: to ask
   * for that costs as much as to read them. No compression makes more than 64 kB of so few.
   */
  private static final int TINY = 256;

  /** The longest args that are read at once, so that a thousand of them are not too much. */
  private static final int SHORT = 8_192;

  /**
   * What is still there of the jobs.
   *
   * @param rows in the order in which they are to be worked
   * @param isCut whether some of those behind were not looked at, for lack of room
   */
  public record Found(List<JobRow> rows, boolean isCut) {}

  /**
   * A job as the statement tells it.
   *
   * @param row with JSON's null in the place of args that are too long
   * @param bytes the length of its args
   * @param isWhole whether its args are there
   */
  private record Seen(JobRow row, long bytes, boolean isWhole) {}

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
            IDS,
            UNASKED);
  }

  static Query query() {
    Row3<Short, OffsetDateTime, Long> place =
        row(QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID);
    Field<Integer> stored = function("pg_column_size", SQLDataType.INTEGER, QUE_JOBS.ARGS);
    Field<Integer> length = octetLength(QUE_JOBS.ARGS.cast(SQLDataType.CLOB));
    // The length is asked for last: that uncompresses the args.
    Condition tooLong =
        stored.gt(UNASKED).and(stored.gt(inline(SHORT)).or(length.gt(inline(SHORT))));
    return jobs(when(not(tooLong), QUE_JOBS.ARGS), when(tooLong, length))
        .crossJoin(Functions.oneThatLooksLikeMany())
        .where(QUE_JOBS.QUEUE.eq(QUEUE))
        .and(place.ge(FIRST.asRow()))
        .and(place.le(LAST.asRow()))
        .and(not(not(QUE_JOBS.JOB_ID.eq(any(select(unnest(IDS, SQLDataType.BIGINT)))))))
        .orderBy(QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID)
        .limit(inline(CHUNK));
  }

  /** All that {@link #read} reads of a job, and more. */
  static SelectJoinStep<?> jobs(Field<JSON> args, Field<?>... more) {
    return select(
            QUE_JOBS.QUEUE,
            QUE_JOBS.PRIORITY,
            QUE_JOBS.RUN_AT,
            QUE_JOBS.JOB_ID,
            QUE_JOBS.JOB_CLASS,
            args,
            QUE_JOBS.ERROR_COUNT,
            QUE_JOBS.LAST_ERROR,
            QUE_JOBS.rowid())
        .select(more)
        .from(QUE_JOBS);
  }

  /**
   * Reads the jobs that are still there, the first of them as many as there is room for.
   *
   * @param keys all of the same queue, and better of the same lock query: what lies between them is
   *     gone through
   * @param room how many bytes of args to read at most, but for one job, which is always read
   */
  public Found execute(Connection session, String queue, List<JobKey> keys, long room) {
    List<JobKey> inOrder = keys.stream().sorted().toList();
    List<JobRow> rows = new ArrayList<>(keys.size());
    long left = room;
    int from = 0;
    // What there was room for may be gone when it is read: then there is room for the next ones.
    while (from < inOrder.size() && (left > 0 || rows.isEmpty())) {
      List<JobKey> chunk = inOrder.subList(from, Math.min(from + CHUNK, inOrder.size()));
      from += chunk.size();
      left = rows.isEmpty() ? room : left;
      List<Seen> fitting = new ArrayList<>();
      for (Seen seen : read(session, queue, chunk, TINY)) {
        left -= seen.bytes;
        if (left < 0 && !(rows.isEmpty() && fitting.isEmpty())) {
          from = inOrder.indexOf(seen.row.key());
          break;
        }
        fitting.add(seen);
      }
      addWhole(rows, fitting, session, queue);
    }
    return new Found(rows, from < inOrder.size());
  }

  /** Reads the long args, too, now that it is known that they are not too much. */
  private void addWhole(List<JobRow> rows, List<Seen> all, Connection session, String queue) {
    List<JobKey> partial =
        all.stream().filter(seen -> !seen.isWhole).map(seen -> seen.row.key()).toList();
    Map<JobKey, JobRow> whole = new HashMap<>();
    if (!partial.isEmpty()) {
      for (Seen seen : read(session, queue, partial, Integer.MAX_VALUE)) {
        whole.put(seen.row.key(), seen.row);
      }
    }
    for (Seen seen : all) {
      JobRow row = seen.isWhole ? seen.row : whole.get(seen.row.key());
      if (row != null) {
        rows.add(row);
      }
    }
  }

  private List<Seen> read(Connection session, String queue, List<JobKey> keys, int unasked) {
    JobKey first = keys.get(0);
    JobKey last = keys.get(keys.size() - 1);
    Set<JobKey> wanted = new HashSet<>(keys);
    List<Seen> rows =
        statement.query(
            session,
            RereadJobs::see,
            queue,
            first.priority(),
            first.runAt(),
            first.id(),
            last.priority(),
            last.runAt(),
            last.id(),
            KeyArrays.ids(keys),
            unasked);
    rows.removeIf(seen -> !wanted.contains(seen.row.key()));
    return rows;
  }

  private static Seen see(ResultSet result) throws SQLException {
    JobRow row = read(result);
    long tooLong = result.getLong(10);
    boolean isWhole = result.wasNull();
    return new Seen(row, isWhole ? row.size() : tooLong, isWhole);
  }

  static JobRow read(ResultSet row) throws SQLException {
    return new JobRow(
        JobKey.read(row),
        row.getString(5),
        JSON.json(Objects.requireNonNullElse(row.getString(6), "null")),
        row.getInt(7),
        row.getString(8),
        row.getString(9));
  }
}
