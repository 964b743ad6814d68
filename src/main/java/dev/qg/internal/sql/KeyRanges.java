package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.row;
import static org.jooq.impl.DSL.select;

import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.Row2;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;

/**
 * The ranges of the index that hold some keys of a queue: for each priority, from the first key to
 * the last.
 */
record KeyRanges(List<JobKey> first, List<JobKey> last) {

  static final Param<Short[]> PRIORITIES = param("priorities", SQLDataType.SMALLINT.array());
  static final End FIRST = End.of("first");
  static final End LAST = End.of("last");

  private static final Name RANGE = name("range");

  /** The first keys of all ranges, or the last ones. */
  record End(
      Param<OffsetDateTime[]> runAts,
      Param<Long[]> ids,
      Field<OffsetDateTime> runAt,
      Field<Long> id) {

    private static End of(String name) {
      return new End(
          param(name + "_run_ats", SQLDataType.TIMESTAMPWITHTIMEZONE.array()),
          param(name + "_ids", SQLDataType.BIGINT.array()),
          field(name(name + "_run_at"), SQLDataType.TIMESTAMPWITHTIMEZONE),
          field(name(name + "_id"), SQLDataType.BIGINT));
    }

    private Row2<OffsetDateTime, Long> ofRange() {
      return row(Functions.column(RANGE, runAt), Functions.column(RANGE, id));
    }
  }

  /**
   * @param keys in their order
   */
  static KeyRanges of(List<JobKey> keys) {
    List<JobKey> first = new ArrayList<>();
    List<JobKey> last = new ArrayList<>();
    for (JobKey key : keys) {
      if (first.isEmpty() || first.get(first.size() - 1).priority() != key.priority()) {
        first.add(key);
        last.add(key);
      }
      last.set(last.size() - 1, key);
    }
    return new KeyRanges(first, last);
  }

  /** The ranges as rows. */
  static Table<?> table() {
    return select(
            KeyArrays.hidden(PRIORITIES, QUE_JOBS.PRIORITY),
            KeyArrays.hidden(FIRST.runAts, FIRST.runAt),
            KeyArrays.hidden(FIRST.ids, FIRST.id),
            KeyArrays.hidden(LAST.runAts, LAST.runAt),
            KeyArrays.hidden(LAST.ids, LAST.id))
        .asTable(RANGE);
  }

  /** Whether a job of the queue lies in the range. */
  static Condition containJob() {
    Row2<OffsetDateTime, Long> job = row(QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID);
    return QUE_JOBS
        .PRIORITY
        .eq(Functions.column(RANGE, QUE_JOBS.PRIORITY))
        .and(job.ge(FIRST.ofRange()))
        .and(job.le(LAST.ofRange()));
  }
}
