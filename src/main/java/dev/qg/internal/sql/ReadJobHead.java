package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.left;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.Optional;
import org.jooq.JSON;
import org.jooq.Query;

/**
 * Reads of a job what its failure takes, if {@link RereadJobs} could not read the job: nothing that
 * may be large, and of its type the beginning. Or tells whether it is there.
 *
 * <pre>{@code
 * select left("que_jobs"."job_class", 10000), "que_jobs"."error_count", "que_jobs".ctid
 * from "que_jobs"
 * where ("que_jobs"."queue" = ?
 *   and "que_jobs"."priority" = ?
 *   and "que_jobs"."run_at" = cast(? as timestamp with time zone)
 *   and "que_jobs"."job_id" = ?)
 * }</pre>
 *
 * <p><b>Locks</b>: none. <b>Index</b>: the primary key, for one row. <b>Concurrency</b>: as that of
 * {@link RereadJobs}.
 */
public final class ReadJobHead {

  /** Longer than any that has a handler. */
  private static final int LONGEST_TYPE = 10_000;

  private static final JSON NO_ARGS = JSON.json("null");

  private final Rendered statement;

  ReadJobHead(Renderer renderer) {
    statement = renderer.render(query(), KeyParams.ALL);
  }

  static Query query() {
    return select(
            left(QUE_JOBS.JOB_CLASS, inline(LONGEST_TYPE)), QUE_JOBS.ERROR_COUNT, QUE_JOBS.rowid())
        .from(QUE_JOBS)
        .where(KeyParams.matches());
  }

  /** Whether the job is still there. */
  public boolean finds(Connection session, JobKey key) {
    return !statement.query(session, row -> key, key.values()).isEmpty();
  }

  /**
   * Reads the job, if it is still there.
   *
   * @param cause why it could not be read
   */
  public Optional<JobRow> execute(Connection session, JobKey key, Throwable cause) {
    return statement
        .query(
            session,
            row ->
                new JobRow(
                    key, row.getString(1), NO_ARGS, row.getInt(2), null, row.getString(3), cause),
            key.values())
        .stream()
        .findAny();
  }
}
