package dev.qg.internal.work;

import static java.util.Objects.requireNonNull;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.Retry;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is to be written about a job whose handler has returned and left no transaction open.
 *
 * @param failure null to delete the job
 * @param report hears how it ended, when that is committed
 */
record Ending(HeldJob job, @Nullable Failure failure, Consumer<HeldJob.End> report) {

  /**
   * A failure as it is recorded.
   *
   * @param delay how long the job waits for its retry, or null if it is given up
   * @param error a text that the database can hold
   */
  record Failure(@Nullable Duration delay, String error) {}

  JobKey key() {
    return job.row().key();
  }

  /** As a retry, which it must be. */
  Retry retry() {
    Failure retried = requireNonNull(failure);
    return new Retry(key(), requireNonNull(retried.delay()), retried.error());
  }
}
