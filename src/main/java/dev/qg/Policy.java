package dev.qg;

import dev.qg.internal.sql.DriverErrors;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.work.HeldJob;
import dev.qg.internal.work.JobPolicy;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jooq.Configuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the user has set about jobs, as the engine asks for it. */
record Policy(
    Configuration configuration,
    RetryPolicy standard,
    Map<String, RetryPolicy> byType,
    JobHooks hooks)
    implements JobPolicy {

  private static final Logger log = LoggerFactory.getLogger(Policy.class);

  boolean givesUp() {
    return standard.givesUp() || byType.values().stream().anyMatch(RetryPolicy::givesUp);
  }

  @Override
  public @Nullable Duration retryAfter(JobRow job) {
    // The count may stand at the end of its range, where other clients left it.
    int failures = Math.max(1, Math.min(job.errorCount(), Integer.MAX_VALUE - 1) + 1);
    Optional<Duration> delay;
    try {
      delay = byType.getOrDefault(job.type(), standard).delayAfter(failures);
    } catch (Throwable e) {
      log.atError()
          .addKeyValue("event", "retry_policy_failed")
          .addKeyValue("job_id", job.key().id())
          .addKeyValue("type", LogText.of(job.type()))
          .setCause(DriverErrors.withoutData(e))
          .log("The retry policy of a job failed: it waits as by the standard policy");
      delay = RetryPolicy.standard().delayAfter(failures);
    }
    return delay.orElse(null);
  }

  @Override
  public void onComplete(HeldJob job) {
    try {
      hooks.onComplete(new LockedJob(job, false));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new QgException("The hook for completion failed for " + job, e);
    }
  }

  @Override
  public void onFailure(HeldJob job, @Nullable Throwable cause, String message) {
    try {
      hooks.onFailure(new LockedJob(job, false), cause == null ? new QgException(message) : cause);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new QgException("The hook for failures failed for " + job, e);
    }
  }
}
