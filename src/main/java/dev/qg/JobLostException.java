package dev.qg;

/**
 * A job could not be ended, because its row was not there any more as it was locked: its lock was
 * lost and another worker has had it, or somebody changed the row. What was written in the job's
 * transaction has been undone, so that each job's writes are there once.
 */
public final class JobLostException extends QgException {

  private static final long serialVersionUID = 1L;

  JobLostException(String job) {
    super("Lost " + job + ": another worker has had it meanwhile, and its transaction is undone");
  }
}
