package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.insertInto;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.SQLDataType;

/**
 * Inserts many jobs that set the same columns, with one array a column, so that the statement is
 * the same for any number of them. Their keys come back, in no order, and show what the database
 * has chosen for the columns that they leave to its defaults.
 *
 * <pre>{@code
 * insert into "que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args")
 * select unnest(cast(? as bigint[])), cast(unnest(cast(? as text[])) as text),
 *     cast(unnest(cast(? as text[])) as smallint),
 *     cast(unnest(cast(? as text[])) as timestamp(6) with time zone),
 *     cast(unnest(cast(? as text[])) as text), cast(unnest(cast(? as text[])) as json)
 * returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
 * }</pre>
 *
 * <p><b>Locks</b>: none that anybody waits for. <b>Index</b>: adds to the primary key.
 * <b>Concurrency</b>: as {@link InsertJob}.
 */
final class InsertJobs {

  private final Renderer renderer;
  private final Map<EnumSet<JobColumn>, Rendered> statements = new ConcurrentHashMap<>();

  InsertJobs(Renderer renderer) {
    this.renderer = renderer;
  }

  static Query query(EnumSet<JobColumn> columns) {
    List<Field<?>> targets = new ArrayList<>(List.of(QUE_JOBS.JOB_ID));
    List<Field<?>> sources = new ArrayList<>(List.of(Functions.unnest(ids(), SQLDataType.BIGINT)));
    for (JobColumn column : columns) {
      targets.add(column.field());
      sources.add(
          Functions.unnest(texts(column), SQLDataType.CLOB).cast(column.field().getDataType()));
    }
    return insertInto(QUE_JOBS)
        .columns(targets)
        .select(select(sources))
        .returningResult(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID);
  }

  /**
   * Inserts the jobs, each with the id at the same place, all of which set the same columns.
   *
   * @return their keys, in no order
   * @throws DataAccessException also if fewer were inserted, or with other ids
   */
  public List<JobKey> execute(Connection connection, List<Long> ids, List<NewJob> jobs) {
    EnumSet<JobColumn> columns = JobColumn.setBy(jobs.get(0));
    Stream<Object> values =
        Stream.concat(
            Stream.of((Object) ids.toArray(Long[]::new)),
            columns.stream().map(column -> column.texts(jobs)));
    List<JobKey> keys =
        statements
            .computeIfAbsent(columns, set -> renderer.render(query(set), params(set)))
            .query(connection, JobKey::read, values.toArray());
    Set<Long> inserted = keys.stream().map(JobKey::id).collect(Collectors.toSet());
    inserted.retainAll(new HashSet<>(ids));
    if (inserted.size() < ids.size()) {
      throw BulkInsert.suppressed(ids.size() - inserted.size(), ids.size());
    }
    return keys;
  }

  private static Param<?>[] params(EnumSet<JobColumn> columns) {
    return Stream.concat(Stream.of(ids()), columns.stream().map(InsertJobs::texts))
        .toArray(Param<?>[]::new);
  }

  private static Param<Long[]> ids() {
    return param("ids", SQLDataType.BIGINT.array());
  }

  private static Param<String[]> texts(JobColumn column) {
    return param(column.name(), SQLDataType.CLOB.array());
  }
}
