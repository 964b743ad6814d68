package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.deleteFrom;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.param;

import java.sql.Connection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;

/**
 * Deletes many jobs that are done, in one statement for each queue, by the places in which their
 * rows were read. Those that it does not find there are deleted by {@link DeleteJobsByKey}: their
 * rows may have moved.
 *
 * <pre>{@code
 * delete from "que_jobs" using (select (select ?) as "queue",
 *       unnest((select cast(? as smallint[]))) as "priority",
 *       unnest((select cast(? as timestamp with time zone[]))) as "run_at",
 *       unnest((select cast(? as bigint[]))) as "job_id",
 *       unnest((select cast(? as tid[]))) as "place") as "key"
 * where ("que_jobs".ctid = "key"."place"
 *   and "que_jobs"."queue" = "key"."queue"
 *   and "que_jobs"."priority" = "key"."priority"
 *   and "que_jobs"."run_at" = "key"."run_at"
 *   and "que_jobs"."job_id" = "key"."job_id")
 * returning "que_jobs"."job_id"
 * }</pre>
 *
 * <p>The place only says where to look. What is deleted there has the whole key of the job, as in
 * {@link DeleteJob}: another job may be in the place of one that was deleted, or retried.
 *
 * <p><b>Locks</b>: the rows, until the transaction ends. <b>Index</b>: none. A row is read from its
 * place, where the index would have to be searched for each job, which costs the server twice as
 * much for a thousand jobs. The plan is made for each execution, as in {@link DeleteJobsByKey}; of
 * a table of a few pages, it may be to read them all. <b>Concurrency</b>: as {@link DeleteJob}; the
 * id of a job that was lost is not returned. A row that was updated or that {@code VACUUM FULL} has
 * moved is in another place, so that the second statement looks for its key. One that is being
 * updated is waited for; then its new version is deleted if it still has that key, by this
 * statement or by the second one, as the server's version has it. A place that is no longer part of
 * the table is none.
 */
public final class DeleteJobs {

  private static final Param<String[]> PLACES = param("places", Place.TYPE.array());
  private static final Field<String> PLACE = field(name("place"), Place.TYPE);

  private final Rendered statement;
  private final DeleteJobsByKey byKey;

  DeleteJobs(Renderer renderer) {
    statement =
        renderer.renderUnprepared(
            query(),
            KeyArrays.QUEUE,
            KeyArrays.PRIORITIES,
            KeyArrays.RUN_ATS,
            KeyArrays.IDS,
            PLACES);
    byKey = new DeleteJobsByKey(renderer);
  }

  static Query query() {
    return deleteFrom(QUE_JOBS)
        .using(KeyArrays.table(KeyArrays.hidden(PLACES, PLACE)))
        .where(Place.in(QUE_JOBS).eq(KeyArrays.of(PLACE)))
        .and(KeyArrays.match())
        .returning(QUE_JOBS.JOB_ID);
  }

  /**
   * Deletes the jobs.
   *
   * @return the ids of those that were still there
   */
  public Set<Long> execute(Connection connection, List<JobRow> rows) {
    Set<Long> deleted = new HashSet<>(rows.size() * 2);
    KeyArrays.byQueue(rows, JobRow::key)
        .forEach((queue, some) -> deleted.addAll(delete(connection, queue, some)));
    List<JobKey> missed =
        rows.stream().map(JobRow::key).filter(key -> !deleted.contains(key.id())).toList();
    deleted.addAll(byKey.execute(connection, missed));
    return deleted;
  }

  private List<Long> delete(Connection connection, String queue, List<JobRow> rows) {
    List<JobKey> keys = rows.stream().map(JobRow::key).toList();
    return statement.query(
        connection,
        row -> row.getLong(1),
        queue,
        KeyArrays.priorities(keys),
        KeyArrays.runAts(keys),
        KeyArrays.ids(keys),
        rows.stream().map(JobRow::place).toArray(String[]::new));
  }
}
