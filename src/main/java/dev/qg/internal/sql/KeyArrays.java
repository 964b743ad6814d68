package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.unnest;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.param;
import static org.jooq.impl.DSL.select;

import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Name;
import org.jooq.Param;
import org.jooq.SelectFieldOrAsterisk;
import org.jooq.Table;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * Many keys of one queue in one statement: an array for each column of the primary key, so that the
 * statement is the same for any number of them.
 */
final class KeyArrays {

  static final Param<String> QUEUE = param("queue", SQLDataType.CLOB);
  static final Param<Short[]> PRIORITIES = param("priorities", SQLDataType.SMALLINT.array());
  static final Param<OffsetDateTime[]> RUN_ATS =
      param("run_ats", SQLDataType.TIMESTAMPWITHTIMEZONE.array());
  static final Param<Long[]> IDS = param("ids", SQLDataType.BIGINT.array());

  private static final Name KEY = DSL.name("key");

  private KeyArrays() {}

  /**
   * The keys as rows, with further columns. The planner can't see through the subqueries around the
   * arrays, so that it takes them for ten, and probes the index for each. Of a thousand it believes
   * that reading the whole table is less. Nor does it see the queue, which is part of each key:
   * else it would read that whole queue from the index where it thinks little of its length.
   */
  static Table<?> table(SelectFieldOrAsterisk... more) {
    List<SelectFieldOrAsterisk> columns =
        new ArrayList<>(
            List.of(
                field(select(QUEUE)).as(QUE_JOBS.QUEUE),
                hidden(PRIORITIES, QUE_JOBS.PRIORITY),
                hidden(RUN_ATS, QUE_JOBS.RUN_AT),
                hidden(IDS, QUE_JOBS.JOB_ID)));
    columns.addAll(List.of(more));
    return select(columns).asTable(KEY);
  }

  /** A further column of the keys, from an array of its own. */
  static <T> Field<T> hidden(Param<T[]> array, Field<T> column) {
    return unnest(field(select(array)), column.getDataType()).as(column);
  }

  /** The column of that name in {@link #table}. */
  static <T> Field<T> of(Field<T> column) {
    return Functions.column(KEY, column);
  }

  /** Names the job by its whole primary key. */
  static Condition match() {
    return QUE_JOBS
        .QUEUE
        .eq(of(QUE_JOBS.QUEUE))
        .and(QUE_JOBS.PRIORITY.eq(of(QUE_JOBS.PRIORITY)))
        .and(QUE_JOBS.RUN_AT.eq(of(QUE_JOBS.RUN_AT)))
        .and(QUE_JOBS.JOB_ID.eq(of(QUE_JOBS.JOB_ID)));
  }

  static <T> Map<String, List<T>> byQueue(List<T> items, Function<T, JobKey> key) {
    Map<String, List<T>> queues = new LinkedHashMap<>();
    for (T item : items) {
      queues.computeIfAbsent(key.apply(item).queue(), queue -> new ArrayList<>()).add(item);
    }
    return queues;
  }

  static Short[] priorities(List<JobKey> keys) {
    return keys.stream().map(JobKey::priority).toArray(Short[]::new);
  }

  static OffsetDateTime[] runAts(List<JobKey> keys) {
    return keys.stream().map(JobKey::runAt).toArray(OffsetDateTime[]::new);
  }

  static Long[] ids(List<JobKey> keys) {
    return keys.stream().map(JobKey::id).toArray(Long[]::new);
  }
}
