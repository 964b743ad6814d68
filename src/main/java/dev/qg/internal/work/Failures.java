package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Ending.Failure;
import java.time.Duration;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.SQLStateClass;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records the failure of a job, so that it waits for its retry or is moved to the dead ones. Safe
 * for use by many threads.
 */
record Failures(Statements sql) {

  private static final Logger log = LoggerFactory.getLogger(Failures.class);

  /** How long a job waits that was to be given up and couldn't be. */
  private static final Duration KEPT_FOR = Duration.ofHours(1);

  /**
   * Records a failure, within the transaction if that is open, and begins it where that takes more
   * than one statement.
   *
   * @return false if the job was lost
   * @throws SuppressedException if it was not, and nothing is written all the same
   */
  boolean record(JobRow row, JobTransaction transaction, Failure failure) {
    try {
      return attempt(row, transaction, failure);
    } catch (DataAccessException e) {
      if (e.sqlStateClass() != SQLStateClass.C22_DATA_EXCEPTION) {
        throw e;
      }
      // The database's encoding has no such characters: it is not UTF-8.
      transaction.rollback();
      String ascii = ErrorText.ascii(failure.error());
      return attempt(row, transaction, new Failure(failure.delay(), ascii));
    }
  }

  private boolean attempt(JobRow row, JobTransaction transaction, Failure failure) {
    Duration delay = failure.delay();
    return delay == null
        ? bury(row, transaction, failure.error())
        : retry(row, transaction, delay, failure.error());
  }

  private boolean retry(JobRow row, JobTransaction transaction, Duration delay, String error) {
    boolean hit =
        transaction.call(
            connection -> sql.scheduleRetry().execute(connection, row.key(), delay, error));
    return hit || lost(row, transaction);
  }

  private boolean bury(JobRow row, JobTransaction transaction, String error) {
    try {
      return sql.buryJob().execute(transaction.begin(), row.key(), error) || lost(row, transaction);
    } catch (DataAccessException e) {
      if (e.sqlStateClass() == SQLStateClass.C22_DATA_EXCEPTION) {
        throw e;
      }
      // A job that can't be put away is better kept than lost or run at once again.
      transaction.rollback();
      log.atError()
          .addKeyValue("event", "burial_failed")
          .addKeyValue("job_id", row.key().id())
          .addKeyValue("type", LogText.of(row.type()))
          .setCause(e)
          .log("Job {} could not be given up: it waits and is tried again", row.key().id());
      String both = ErrorText.storable("It could not be given up: " + e + "\n" + error);
      return retry(row, transaction, KEPT_FOR, both);
    }
  }

  /** The row may be deleted, where only its insertion among the dead ones hit nothing. */
  private boolean lost(JobRow row, JobTransaction transaction) {
    transaction.rollback();
    return transaction.call(
        connection -> {
          SuppressedException.requireLost(connection, sql, row);
          return false;
        });
  }
}
