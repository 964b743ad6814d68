package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import java.time.Duration;
import org.jooq.Configuration;
import org.jspecify.annotations.Nullable;

/** What the user has set about running and ending jobs. Safe for use by many threads. */
public interface JobPolicy {

  /** What the {@code DSLContext} of a job's transaction derives from. */
  Configuration configuration();

  /** How long a job waits that has now failed once more than the row says; null to give it up. */
  @Nullable Duration retryAfter(JobRow job);

  /** Runs before the job is deleted, and may write in its transaction. */
  void onComplete(HeldJob job);

  /**
   * Runs before the failure is recorded, and may write in the transaction that records it.
   *
   * @param cause null if the failure is only a message
   */
  void onFailure(HeldJob job, @Nullable Throwable cause, String message);
}
