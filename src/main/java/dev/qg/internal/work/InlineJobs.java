package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.NewJob;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.util.List;

/**
 * Jobs that are worked in the transaction that enqueues them. Nobody else can see such a job, so
 * that it needs no lock.
 */
public final class InlineJobs {

  private final Statements sql;
  private final JobPolicy policy;

  public InlineJobs(Statements sql, JobPolicy policy) {
    this.sql = sql;
    this.policy = policy;
  }

  /**
   * Inserts a job and holds it at once.
   *
   * @param connection in a transaction, which is the caller's
   * @param afterwards happens when the job is done
   */
  public HeldJob insert(Connection connection, NewJob job, Runnable afterwards) {
    JobKey key = sql.insertJob().execute(connection, job, false);
    JobRow row = sql.rereadJobs().execute(connection, key.queue(), List.of(key), 1).rows().get(0);
    return new HeldJob(
        row,
        sql,
        policy,
        new SavepointTransaction(connection),
        false,
        null,
        held -> afterwards.run());
  }

  /**
   * Inserts a job and works it.
   *
   * @return the job's id
   * @throws Exception what the handler throws
   */
  public long run(Connection connection, NewJob job, Runner.Handler handler) throws Exception {
    SavepointTransaction whole = new SavepointTransaction(connection);
    whole.begin();
    try {
      HeldJob held = insert(connection, job, () -> {});
      handler.work(held);
      held.complete(end -> {});
      held.done();
      whole.commit();
      return held.row().key().id();
    } catch (Throwable t) {
      // A caller who catches it goes on as if nothing had been enqueued.
      whole.rollbackAfter(t);
      throw t;
    }
  }
}
