package dev.qg.internal.work;

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
}
