package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.List;
import org.jooq.Param;
import org.jooq.Query;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;

/**
 * Notifies listening workers of jobs that were inserted in the same transaction, those that are due
 * by now.
 *
 * <pre>{@code
 * select case when "notice"."run_at" <= clock_timestamp() then pg_notify('qg_jobs',
 *       concat("notice"."priority", ' ', extract(epoch from "notice"."run_at"),
 *         case when octet_length("notice"."queue") <= 2000 then (' ' || "notice"."queue") end)) end
 * from (select unnest(cast(? as text[])) as "queue", unnest(cast(? as smallint[])) as "priority",
 *       cast(unnest(cast(? as text[])) as timestamp with time zone) as "run_at") as "notice"
 * }</pre>
 *
 * <p><b>Locks</b>: none until the commit, which then takes one that is the same for all of the
 * server's transactions that notify, so that they commit one after another. <b>Index</b>: none.
 * <b>Concurrency</b>: what is sent arrives after the commit, and never without it; what is the same
 * as something that the transaction has sent already is not sent again.
 */
public final class NotifyJobs {

  private static final Param<String[]> QUEUES = param("queues", SQLDataType.CLOB.array());
  private static final Param<Short[]> PRIORITIES =
      param("priorities", SQLDataType.SMALLINT.array());
  private static final Param<String[]> RUN_ATS = param("run_ats", SQLDataType.CLOB.array());

  private final Rendered statement;

  NotifyJobs(Renderer renderer) {
    statement = renderer.render(query(), QUEUES, PRIORITIES, RUN_ATS);
  }

  static Query query() {
    Table<?> notice =
        select(
                unnest(QUEUES, SQLDataType.CLOB).as(QUE_JOBS.QUEUE),
                unnest(PRIORITIES, SQLDataType.SMALLINT).as(QUE_JOBS.PRIORITY),
                unnest(RUN_ATS, SQLDataType.CLOB)
                    .cast(SQLDataType.TIMESTAMPWITHTIMEZONE)
                    .as(QUE_JOBS.RUN_AT))
            .asTable("notice");
    return select(
            JobNotice.notification(
                notice.field(QUE_JOBS.QUEUE),
                notice.field(QUE_JOBS.PRIORITY),
                notice.field(QUE_JOBS.RUN_AT)))
        .from(notice);
  }

  /** Sends the notices. */
  public void execute(Connection connection, List<JobNotice> notices) {
    statement.query(
        connection,
        row -> row.getString(1),
        notices.stream().map(JobNotice::queue).toArray(String[]::new),
        notices.stream().map(JobNotice::priority).toArray(Short[]::new),
        notices.stream().map(notice -> TimestampText.of(notice.runAt())).toArray(String[]::new));
  }
}
