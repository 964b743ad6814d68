package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How the last job of a worker has failed, where that could not be recorded, as its session had
 * ended with it, say. It is kept until the worker has that job again, whatever comes before it,
 * which else would run at once, again and again. For one thread.
 */
final class LateFailure {

  private record Failed(JobKey key, HeldJob.Fault fault) {}

  private @Nullable Failed last;

  /**
   * Works a job; or has its failure recorded, if it has failed before.
   *
   * @param work what works it
   * @return what the work tells, or whether the failure was recorded
   */
  boolean workOrRecord(HeldJob job, Predicate<HeldJob> work) {
    Failed before = last;
    if (before != null && before.key.equals(job.row().key())) {
      boolean recorded = record(job, before.fault);
      last = null;
      return recorded;
    }
    try {
      return work.test(job);
    } catch (Throwable t) {
      HeldJob.Fault fault = job.fault();
      if (fault != null) {
        last = new Failed(job.row().key(), fault);
      }
      throw t;
    }
  }

  private static boolean record(HeldJob job, HeldJob.Fault fault) {
    try (job) {
      return job.fail(fault.cause(), fault.message());
    }
  }
}
