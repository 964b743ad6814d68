package dev.qg.internal.sql;

import java.sql.Connection;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * Inserts many jobs with ids in their order: all that set the same columns at once, and a large
 * number of them through COPY. The connection must be in a transaction, since this may take several
 * statements.
 */
public final class BulkInsert {

  /** From so many on, setting up a COPY is worth its two further round trips. */
  private static final int COPY_FROM = 500;

  private final TakeIds takeIds;
  private final InsertJobs insertJobs;
  private final CopyJobs copyJobs;

  BulkInsert(Renderer renderer) {
    takeIds = new TakeIds(renderer);
    insertJobs = new InsertJobs(renderer);
    copyJobs = new CopyJobs(renderer);
  }

  /**
   * Inserts the jobs and returns their ids, in the order of the jobs.
   *
   * @param notices collects what workers are to be told of them, or null if nobody wants to know
   */
  public List<Long> execute(
      Connection connection, List<NewJob> jobs, @Nullable JobNotices notices) {
    List<Long> ids = takeIds.execute(connection, jobs.size());
    Map<EnumSet<JobColumn>, Batch> batches = new HashMap<>();
    for (int i = 0; i < jobs.size(); i++) {
      batches
          .computeIfAbsent(JobColumn.setBy(jobs.get(i)), set -> new Batch())
          .add(ids.get(i), jobs.get(i));
    }
    for (Batch batch : batches.values()) {
      JobNotice defaults = insert(connection, batch);
      if (notices != null) {
        batch.jobs.stream()
            .filter(NewJob::mayBeDue)
            .forEach(job -> notices.add(JobNotice.of(job, defaults)));
      }
    }
    return ids;
  }

  /**
   * Inserts jobs that set the same columns.
   *
   * @return what the other columns are: COPY doesn't say, so that each value is possible
   */
  private JobNotice insert(Connection connection, Batch batch) {
    if (batch.jobs.size() >= COPY_FROM && copyJobs.isPossibleOn(connection)) {
      copyJobs.execute(connection, batch.ids, batch.jobs);
      return JobNotice.ofAny();
    }
    return insertJobs.execute(connection, batch.ids, batch.jobs).stream()
        .findFirst()
        .map(JobNotice::from)
        .orElse(JobNotice.ofAny());
  }

  /** Rows that a trigger or a rule keeps out are no error of the server's. */
  static DataAccessException suppressed(int missing, int of) {
    return new DataAccessException(
        "The table que_jobs has not taken "
            + missing
            + " of "
            + of
            + " jobs as they were sent: a trigger or a rule on it suppresses or changes them."
            + " Roll the transaction back, unless the other jobs are wanted");
  }

  private static final class Batch {
    private final List<Long> ids = new ArrayList<>();
    private final List<NewJob> jobs = new ArrayList<>();

    void add(Long id, NewJob job) {
      ids.add(id);
      jobs.add(job);
    }
  }
}
