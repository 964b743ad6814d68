package dev.qg;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.JobNotices;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.sql.NewJob;
import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Connections;
import dev.qg.internal.work.NoticeLimit;
import dev.qg.internal.work.WakeUps;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * Puts jobs into the table, or works them there at once. Workers are told of those that are due: by
 * a notification in the same transaction, and those of this JVM, without the database, as soon as
 * it is known that the jobs are committed.
 */
final class Enqueuer {

  private final Core core;
  private final Statements sql;
  private final WakeUps wakeUps;
  private final NoticeLimit limit = new NoticeLimit(System::nanoTime);
  private final boolean notifications;
  private final @Nullable WorkMap synchronous;

  /** Puts something into the table, and adds of what those are told who are to be told by us. */
  private interface Insertion<T> {
    T execute(Connection connection, JobNotices notices);
  }

  /**
   * @param synchronous null to enqueue, or the handlers that work each job that is due at once
   */
  Enqueuer(Core core, boolean notifications, @Nullable WorkMap synchronous) {
    this.core = core;
    this.sql = core.sql;
    this.wakeUps = core.wakeUps;
    this.notifications = notifications;
    this.synchronous = synchronous;
  }

  long enqueue(Job job) {
    Check.notNull("job", job);
    return own((connection, notices) -> insert(connection, job, notices));
  }

  long enqueue(DSLContext ctx, Job job) {
    Check.notNull("job", job);
    return callers(ctx, (connection, notices) -> insert(connection, job, notices));
  }

  long enqueue(Connection connection, Job job) {
    Check.notNull("job", job);
    return callers(core.callers(connection), null, (same, notices) -> insert(same, job, notices));
  }

  List<Long> enqueueAll(Collection<Job> jobs) {
    Check.notNull("jobs", jobs);
    return own((connection, notices) -> insertAll(connection, jobs, notices));
  }

  List<Long> enqueueAll(DSLContext ctx, Collection<Job> jobs) {
    Check.notNull("jobs", jobs);
    return callers(ctx, (connection, notices) -> insertAll(connection, jobs, notices));
  }

  List<Long> enqueueAll(Connection connection, Collection<Job> jobs) {
    Check.notNull("jobs", jobs);
    return callers(
        core.callers(connection), null, (same, notices) -> insertAll(same, jobs, notices));
  }

  boolean revive(long jobId) {
    return own((connection, notices) -> revive(connection, List.of(jobId), notices)) == 1;
  }

  int revive(DSLContext ctx, Collection<Long> jobIds) {
    List<Long> ids =
        Check.notNull("jobIds", jobIds).stream()
            .map(id -> Check.notNull("each of jobIds", id))
            .toList();
    return callers(ctx, (connection, notices) -> revive(connection, ids, notices));
  }

  private <T> T own(Insertion<T> insertion) {
    core.transactionWarning.check();
    return core.own(connection -> callers(connection, null, insertion));
  }

  private <T> T callers(DSLContext ctx, Insertion<T> insertion) {
    return core.callers(
        ctx,
        connection ->
            callers(connection, CommitListener.noticesOf(ctx.configuration(), wakeUps), insertion));
  }

  /**
   * @param afterCommit what is told after the commit of the caller's transaction, if that is known
   */
  private <T> T callers(
      Connection connection, @Nullable JobNotices afterCommit, Insertion<T> insertion) {
    JobNotices notices = new JobNotices();
    T result = insertion.execute(connection, notices);
    List<JobNotice> found = notices.list();
    if (afterCommit != null) {
      found.forEach(afterCommit::add);
    } else if (!found.isEmpty() && wakeUps.areHeard() && isCommitted(connection)) {
      found.forEach(wakeUps::publish);
    }
    return result;
  }

  private boolean isCommitted(Connection connection) {
    try {
      return !Connections.isInTransaction(connection, sql);
    } catch (DataAccessException e) {
      // The jobs are inserted: that workers don't hear of them at once is no failure.
      return false;
    }
  }

  private long insert(Connection connection, Job job, JobNotices notices) {
    WorkMap handlers = synchronous;
    // As in Ruby's Que: a job for later stays a job for later.
    if (handlers != null && job.runAt().isEmpty()) {
      return Connections.inTransaction(connection, sql, same -> work(same, job, handlers));
    }
    NewJob columns = job.columns();
    boolean due = columns.mayBeDue();
    boolean notify = notifications && due && limit.allows(job.queue().orElse(""));
    if (!due) {
      return sql.insertJob().executeForId(connection, columns, notify);
    }
    if (!wakeUps.areHeard()) {
      long id = sql.insertJob().executeForId(connection, columns, notify);
      // For a pool that starts before the commit, and looks before it, too.
      notices.add(JobNotice.ofAny());
      return id;
    }
    JobKey key = sql.insertJob().execute(connection, columns, notify);
    notices.add(JobNotice.from(key));
    return key.id();
  }

  private List<Long> insertAll(Connection connection, Collection<Job> jobs, JobNotices notices) {
    List<NewJob> columns = new ArrayList<>(jobs.size());
    for (Job job : jobs) {
      columns.add(Check.notNull("each of jobs", job).columns());
    }
    if (columns.isEmpty()) {
      return List.of();
    }
    return Connections.inTransaction(
        connection,
        sql,
        same -> {
          if (synchronous != null) {
            return jobs.stream().map(job -> insert(same, job, notices)).toList();
          }
          JobNotices found = isToldOfJobs() ? new JobNotices() : null;
          List<Long> ids = sql.bulkInsert().execute(same, columns, found);
          if (found != null) {
            tell(same, found, notices);
          }
          return ids;
        });
  }

  private int revive(Connection connection, List<Long> ids, JobNotices notices) {
    return Connections.inTransaction(
        connection,
        sql,
        same -> {
          List<JobKey> revived = sql.reviveJobs().execute(same, ids);
          JobNotices found = new JobNotices();
          revived.forEach(key -> found.add(JobNotice.from(key)));
          tell(same, found, notices);
          return revived.size();
        });
  }

  private boolean isToldOfJobs() {
    return notifications || wakeUps.areHeard();
  }

  /** Notifies of jobs that were inserted together, as far as each queue's limit allows. */
  private void tell(Connection connection, JobNotices found, JobNotices notices) {
    if (wakeUps.areHeard()) {
      notices.addAll(found);
    }
    if (notifications) {
      Map<String, Boolean> allowed = new HashMap<>();
      List<JobNotice> sent =
          found.list().stream()
              .filter(
                  notice ->
                      allowed.computeIfAbsent(
                          notice.queue() == null ? "" : notice.queue(), limit::allows))
              .toList();
      if (!sent.isEmpty()) {
        sql.notifyJobs().execute(connection, sent);
      }
    }
  }

  private long work(Connection connection, Job job, WorkMap handlers) {
    WorkFunc function = handlers.get(job.type());
    if (function == null) {
      throw new QgException("unknown job type: \"" + LogText.of(job.type()) + "\"");
    }
    try {
      return core.inline.run(
          connection, job.columns(), held -> function.work(new LockedJob(held, false)));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new QgException("A job failed in synchronous mode: " + job, e);
    }
  }
}
