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
    Optional<HeldJob> job = Optional.empty();
    try {
      job = session.use(() -> lockOn(session, queue));
    } finally {
      if (job.isEmpty()) {
        session.close();
      }
    }
    return job.map(this::keep);
  }

  private Optional<HeldJob> lockOn(Session session, String queue) {
    Optional<JobRow> row = session.locks().takeOne(queue, null);
    if (row.isEmpty()) {
      session.requireWritable();
    }
    return row.map(found -> hold(session, found));
  }

  private static void setAside(HeldJob job, Throwable cause) {
    try (job) {
      new Run(job, end -> {}).fail(cause, ErrorText.of(cause));
    }
  }

  private HeldJob hold(Session session, JobRow row) {
    return session.holdByHand(
        row,
        policy,
        job -> {
          jobs.remove(job);
          session.close();
        });
  }

  private HeldJob keep(HeldJob held) {
    try {
      jobs.add(held);
      if (closed) {
        throw new IllegalStateException("Closed while " + held + " was being locked");
      }
      return held;
    } catch (Throwable t) {
      try (held) {
        throw t;
      }
    }
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
