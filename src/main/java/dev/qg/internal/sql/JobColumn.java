package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;

import java.time.OffsetDateTime;
import java.util.EnumSet;
import java.util.List;
import org.jooq.JSON;
import org.jooq.TableField;
import org.jspecify.annotations.Nullable;

/** The columns that a new job can set; jobs that set the same ones share an insert statement. */
enum JobColumn {
  QUEUE,
  PRIORITY,
  RUN_AT,
  JOB_CLASS,
  ARGS;

  static EnumSet<JobColumn> setBy(NewJob job) {
    EnumSet<JobColumn> columns = EnumSet.allOf(JobColumn.class);
    columns.removeIf(column -> column.value(job) == null);
    return columns;
  }

  TableField<?, ?> field() {
    return switch (this) {
      case QUEUE -> QUE_JOBS.QUEUE;
      case PRIORITY -> QUE_JOBS.PRIORITY;
      case RUN_AT -> QUE_JOBS.RUN_AT;
      case JOB_CLASS -> QUE_JOBS.JOB_CLASS;
      case ARGS -> QUE_JOBS.ARGS;
    };
  }

  @Nullable Object value(NewJob job) {
    return switch (this) {
      case QUEUE -> job.queue();
      case PRIORITY -> job.priority();
      case RUN_AT -> job.runAt();
      case JOB_CLASS -> job.type();
      case ARGS -> job.args();
    };
  }

  /** The values of all jobs in the text form of PostgreSQL; none may be null. */
  String[] texts(List<NewJob> jobs) {
    return jobs.stream().map(this::text).toArray(String[]::new);
  }

  /** The value of one job in the text form of PostgreSQL; it may not be null. */
  String text(NewJob job) {
    Object value = value(job);
    if (value instanceof OffsetDateTime time) {
      return TimestampText.of(time);
    }
    return value instanceof JSON json ? json.data() : String.valueOf(value);
  }
}
