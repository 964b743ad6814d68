package dev.qg;

/**
 * A job that could not be ended, because its row was gone or had another key. Either a statement
 * deleted or changed the row without the job's lock, or the lock was lost and another worker took
 * the job. The job's transaction is rolled back.
 */
public final class JobLostException extends QgException {

  private static final long serialVersionUID = 1L;

  JobLostException(String job) {
    super("The row of " + job + " is gone or has changed: its transaction is rolled back");
  }
}
