package dev.qg;

import dev.qg.internal.sql.NewJob;
import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Connections;
import dev.qg.internal.work.InlineJobs;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts jobs into the table on a given connection, or works them there at once. */
final class Enqueuer {

  private final Statements sql;
  private final InlineJobs inline;
  private final @Nullable WorkMap synchronous;

  /**
   * @param synchronous null to enqueue, or the handlers that work each job that is due at once
   */
  Enqueuer(Core core, @Nullable WorkMap synchronous) {
    this.sql = core.sql;
    this.inline = core.inline;
    this.synchronous = synchronous;
  }

  long enqueue(Connection connection, Job job) {
    WorkMap handlers = synchronous;
    // As in Ruby's Que: a job for later stays a job for later.
    if (handlers != null && job.runAt().isEmpty()) {
      return Connections.inTransaction(connection, same -> work(same, job, handlers));
    }
    return sql.insertJob().execute(connection, job.columns()).id();
  }

  List<Long> enqueueAll(Connection connection, Collection<Job> jobs) {
    List<NewJob> columns = new ArrayList<>(jobs.size());
    for (Job job : jobs) {
      columns.add(Check.notNull("each of jobs", job).columns());
    }
    if (columns.isEmpty()) {
      return List.of();
    }
    return Connections.inTransaction(
        connection,
        same ->
            synchronous == null
                ? sql.bulkInsert().execute(same, columns)
                : jobs.stream().map(job -> enqueue(same, job)).toList());
  }

  private long work(Connection connection, Job job, WorkMap handlers) {
    WorkFunc function = handlers.get(job.type());
    if (function == null) {
      throw new QgException("unknown job type: \"" + job.type() + "\"");
    }
    try {
      return inline.run(
          connection, job.columns(), held -> function.work(new LockedJob(held, false)));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new QgException("A job failed in synchronous mode: " + job, e);
    }
  }
}
