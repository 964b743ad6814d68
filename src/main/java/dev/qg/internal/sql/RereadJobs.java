package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.any;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.lateral;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.not;
import static org.jooq.impl.DSL.octetLength;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.when;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.SelectJoinStep;
import org.jooq.Table;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.SQLDataType;

/**
 * Reads jobs by their keys, after they were locked: what is gone by now was done by somebody else
 * between the snapshot of {@link LockJobs} and its lock, and must not run again.
 *
 * <p>In each priority, it reads from the first key to the last, as the lock query has just done,
 * which costs a third of looking each of them up. Of the jobs in between, it returns those with the
 * ids of the keys; one of those that was retried in the meantime has another key, and is left out
 * here. Between the last key of a priority and the first of the next one there may be any number of
 * jobs for later, which it does not read.
 *
 * <p>A thousand jobs can have more args than there is memory. So it reads short args only, and of
 * longer ones the length; then it runs once more, for those of them that there is room for. How
 * large args are as they are stored is known for nothing, but what they are uncompressed is not.
 *
 * <pre>{@code
 * select "there".*
 * from (select unnest((select cast(? as smallint[]))) as "priority",
 *       unnest((select cast(? as timestamp with time zone[]))) as "first_run_at",
 *       unnest((select cast(? as bigint[]))) as "first_id",
 *       unnest((select cast(? as timestamp with time zone[]))) as "last_run_at",
 *       unnest((select cast(? as bigint[]))) as "last_id") as "range"
 * cross join lateral (select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at",
 *       "que_jobs"."job_id", "que_jobs"."job_class",
 *       case when not (pg_column_size("que_jobs"."args") > ?
 *     and (pg_column_size("que_jobs"."args") > 8192 or octet_length(cast("que_jobs"."args" as text)) > 8192)) then "que_jobs"."args" end as "args",
 *       "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs".ctid,
 *       case when (pg_column_size("que_jobs"."args") > ?
 *     and (pg_column_size("que_jobs"."args") > 8192 or octet_length(cast("que_jobs"."args" as text)) > 8192)) then octet_length(cast("que_jobs"."args" as text)) end as "length"
 *   from "que_jobs"
 *   cross join generate_series(1, (select 1))
 *   where ("que_jobs"."queue" = ?
 *     and "que_jobs"."priority" = "range"."priority"
 *     and ("que_jobs"."run_at", "que_jobs"."job_id") >= ("range"."first_run_at", "range"."first_id")
 *     and ("que_jobs"."run_at", "que_jobs"."job_id") <= ("range"."last_run_at", "range"."last_id")
 *     and not (not ("que_jobs"."job_id" = any (select unnest(cast(? as bigint[]))))))
 *   order by "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
 *   fetch next 1000 rows only) as "there"
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: the primary key, in its order, from the first to the last of
 * each priority; {@code generate_series} and the 1000 are there for the planner, as in {@link
 * LockJobs}, and the subqueries around the arrays, as in {@link KeyArrays#table}. The double
 * negation is, too: it makes a hash table of the ids, where a plain {@code in} is a join, which may
 * compare each row with each id. <b>Concurrency</b>: it must be a statement of its own that starts
 * after the locks are held, with a snapshot of its own; nobody who follows the protocol deletes a
 * job whose lock is held by us, so what it finds stays.
 */
public final class RereadJobs {

  private static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  private static final Param<Long[]> IDS = param("ids", SQLDataType.BIGINT.array());

  private static final Name THERE = name("there");

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

  private final Rendered statement;

  RereadJobs(Renderer renderer) {
    statement =
        renderer.renderHot(
            query(),
            QUEUE,
            KeyRanges.PRIORITIES,
            KeyRanges.FIRST.runAts(),
            KeyRanges.FIRST.ids(),
            KeyRanges.LAST.runAts(),
            KeyRanges.LAST.ids(),
            IDS,
            UNASKED);
  }

  static Query query() {
    Field<Integer> stored = function("pg_column_size", SQLDataType.INTEGER, QUE_JOBS.ARGS);
    Field<Integer> length = octetLength(QUE_JOBS.ARGS.cast(SQLDataType.CLOB));
    // The length is asked for last: that uncompresses the args.
    Condition tooLong =
        stored.gt(UNASKED).and(stored.gt(inline(SHORT)).or(length.gt(inline(SHORT))));
    Table<?> there =
        jobs(
                when(not(tooLong), QUE_JOBS.ARGS).as(QUE_JOBS.ARGS),
                when(tooLong, length).as("length"))
            .crossJoin(Functions.oneThatLooksLikeMany())
            .where(QUE_JOBS.QUEUE.eq(QUEUE))
            .and(KeyRanges.containJob())
            .and(not(not(QUE_JOBS.JOB_ID.eq(any(select(unnest(IDS, SQLDataType.BIGINT)))))))
            .orderBy(QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID)
            .limit(inline(CHUNK))
            .asTable(THERE);
    return select(there.asterisk()).from(KeyRanges.table()).crossJoin(lateral(there));
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
   * @param keys all of the same queue, and better of the same lock query: the jobs of a priority
   *     that lie between them are read
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
    KeyRanges ranges = KeyRanges.of(keys);
    Set<JobKey> wanted = new HashSet<>(keys);
    List<Seen> rows =
        statement.query(
            session,
            RereadJobs::see,
            queue,
            KeyArrays.priorities(ranges.first()),
            KeyArrays.runAts(ranges.first()),
            KeyArrays.ids(ranges.first()),
            KeyArrays.runAts(ranges.last()),
            KeyArrays.ids(ranges.last()),
            KeyArrays.ids(keys),
            unasked);
    rows.forEach(seen -> requireSameQueue(queue, seen.row.key().queue()));
    rows.removeIf(seen -> !wanted.contains(seen.row.key()));
    // They come so, but no SQL says that they must.
    rows.sort(Comparator.comparing(seen -> seen.row.key()));
    return rows;
  }

  /** Such a job would look as if others had done it meanwhile. */
  private static void requireSameQueue(String queue, String found) {
    if (!found.equals(queue)) {
      throw new DataAccessException(
          "The column queue of que_jobs takes \"%s\" for \"%s\": give it a deterministic collation"
              .formatted(LogText.of(found), LogText.of(queue)));
    }
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
