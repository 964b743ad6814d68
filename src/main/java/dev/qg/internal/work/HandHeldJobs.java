package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Locks jobs for callers who work them by hand, each on a session of its own, and remembers those
 * that are not done, to give them back on {@link #close}. Safe for use by many threads.
 */
public final class HandHeldJobs implements AutoCloseable {

  private final Connections connections;
  private final Statements sql;
  private final JobPolicy policy;
  private final Set<HeldJob> jobs = ConcurrentHashMap.newKeySet();

  /** Read again after a job was added, so that a close at the same time misses none. */
  private volatile boolean closed;

  public HandHeldJobs(Connections connections, Statements sql, JobPolicy policy) {
    this.connections = connections;
    this.sql = sql;
    this.policy = policy;
  }

  /**
   * Locks the most urgent due job of the queue. One that can't be read is failed, and the next one
   * locked.
   *
   * @throws ContentionException if the jobs that it found were always done by others meanwhile
   */
  public Optional<HeldJob> lock(String queue) {
    while (true) {
      Optional<HeldJob> job = lockAny(queue);
      Throwable unreadable = job.map(held -> held.row().unreadable()).orElse(null);
      if (job.isEmpty() || unreadable == null) {
        return job;
      }
      setAside(job.get(), unreadable);
    }
  }

  private Optional<HeldJob> lockAny(String queue) {
    Session session = Session.open(connections, sql);
    boolean kept = false;
    try {
      Optional<HeldJob> job = session.locks().takeOne(queue, null).map(row -> keep(session, row));
      kept = job.isPresent();
      if (!kept) {
        session.requireWritable();
      }
      return job;
    } finally {
      if (!kept) {
        session.close();
      }
    }
  }

  private static void setAside(HeldJob job, Throwable cause) {
    try (job) {
      new Run(job, end -> {}).fail(cause, ErrorText.of(cause));
    }
  }

  private HeldJob keep(Session session, JobRow row) {
    HeldJob held =
        session.holdByHand(
            row,
            policy,
            job -> {
              jobs.remove(job);
              session.close();
            });
    jobs.add(held);
    if (closed) {
      held.done();
      throw new IllegalStateException("Closed while " + held + " was being locked");
    }
    return held;
  }

  /** Gives all jobs back that are not done. */
  @Override
  public void close() {
    closed = true;
    RuntimeException failure = null;
    for (HeldJob job : jobs) {
      try {
        job.revoke();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
