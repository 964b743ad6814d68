package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.param;

import java.time.OffsetDateTime;
import org.jooq.Condition;
import org.jooq.Param;
import org.jooq.impl.SQLDataType;

/** The condition that names one attempt of a job by its whole primary key. */
final class KeyParams {

  static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  static final Param<Short> PRIORITY = param("priority", SQLDataType.SMALLINT);
  static final Param<OffsetDateTime> RUN_AT = param("run_at", SQLDataType.TIMESTAMPWITHTIMEZONE);
  static final Param<Long> JOB_ID = param("job_id", SQLDataType.BIGINT);

  /** All of them, in the order of {@link JobKey#values}. */
  static final Param<?>[] ALL = {QUEUE, PRIORITY, RUN_AT, JOB_ID};

  private KeyParams() {}

  static Condition matches() {
    return QUE_JOBS
        .QUEUE
        .eq(QUEUE)
        .and(QUE_JOBS.PRIORITY.eq(PRIORITY))
        .and(QUE_JOBS.RUN_AT.eq(RUN_AT))
        .and(QUE_JOBS.JOB_ID.eq(JOB_ID));
  }
}
