package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.SQLStateClass;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A database session that holds the advisory locks of jobs. A session that can't be given back
 * clean is ended, so that the server frees its locks. For one thread at a time, but for {@link
 * #abort}.
 */
final class Session implements AutoCloseable {

  /** As often as qg: more would hide that something is wrong. */
  private static final int ATTEMPTS = 10;

  private static final Logger log = LoggerFactory.getLogger(Session.class);

  private final Connections.Borrowed borrowed;
  private final Statements sql;
  private final Set<Long> held = new HashSet<>();

  private Session(Connections.Borrowed borrowed, Statements sql) {
    this.borrowed = borrowed;
    this.sql = sql;
  }

  static Session open(Connections connections, Statements sql) {
    return new Session(connections.borrow(), sql);
  }

  Connection connection() {
    return borrowed.connection();
  }

  /**
   * Locks the most urgent due job of the queue.
   *
   * @throws ContentionException if each of ten attempts found only jobs that others did meanwhile
   */
  Optional<JobRow> lockOne(String queue) {
    for (int i = 0; i < ATTEMPTS; i++) {
      List<JobKey> locked = lock(queue);
      if (locked.isEmpty()) {
        return Optional.empty();
      }
      locked.forEach(key -> held.add(key.id()));
      List<JobRow> rows = sql.rereadJobs().execute(connection(), queue, locked);
      if (!rows.isEmpty()) {
        return Optional.of(rows.get(0));
      }
      locked.forEach(key -> unlock(key.id()));
    }
    throw new ContentionException(queue, ATTEMPTS);
  }

  private List<JobKey> lock(String queue) {
    try {
      return sql.lockJobs().execute(connection(), queue, 1, held);
    } catch (Throwable e) {
      // It may have taken locks that we don't know of, and no rollback releases those of a session.
      if (!wasRefused(e)) {
        abort();
      }
      throw e;
    }
  }

  /** Whether a statement failed before it ran, as where there is no table. */
  private static boolean wasRefused(Throwable e) {
    return e instanceof DataAccessException failure
        && failure.sqlStateClass() == SQLStateClass.C42_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION;
  }

  /** Makes a row that was locked here a job to be worked, whose end releases the lock. */
  HeldJob hold(JobRow row, JobPolicy policy) {
    return hold(row, policy, false, job -> {});
  }

  /** The same for a holder who works by hand, with something that happens after the release. */
  HeldJob holdByHand(JobRow row, JobPolicy policy, Consumer<HeldJob> afterwards) {
    return hold(row, policy, true, afterwards);
  }

  private HeldJob hold(JobRow row, JobPolicy policy, boolean byHand, Consumer<HeldJob> afterwards) {
    OwnTransaction transaction = new OwnTransaction(connection());
    Consumer<HeldJob> release =
        job -> {
          // What couldn't be undone must not be committed by the unlock.
          if (transaction.isOpen()) {
            abort();
          } else {
            unlock(row.key().id());
          }
        };
    return new HeldJob(row, sql, policy, transaction, byHand, release.andThen(afterwards));
  }

  /** Gives up the lock of a job; what was done to it must be committed. */
  private void unlock(long jobId) {
    held.remove(jobId);
    boolean unlocked;
    try {
      unlocked = sql.unlockJobs().execute(connection(), List.of(jobId));
    } catch (DataAccessException e) {
      log.atWarn()
          .addKeyValue("event", "unlock_failed")
          .addKeyValue("job_id", jobId)
          .setCause(e)
          .log("The lock of job {} could not be released: its session is ended", jobId);
      abort();
      return;
    }
    if (!unlocked) {
      log.atWarn()
          .addKeyValue("event", "lock_missing")
          .addKeyValue("job_id", jobId)
          .log(
              "The lock of job {} was gone before it was released: something else on its session"
                  + " has released it",
              jobId);
    }
  }

  /** Ends the session on the server, with its transaction and its locks; from any thread. */
  void abort() {
    try {
      connection().abort(Runnable::run);
    } catch (SQLException e) {
      log.atWarn()
          .addKeyValue("event", "abort_failed")
          .setCause(e)
          .log("A session could not be ended");
    }
  }

  /** Gives the connection back, which must hold no lock of ours any more. */
  @Override
  public void close() {
    if (!held.isEmpty()) {
      abort();
    }
    borrowed.close();
  }
}
