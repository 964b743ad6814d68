package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How jobs have failed where that could not be recorded, as the session had ended with the job,
 * say. Each is kept until one of the workers of this process has that job again, which else would
 * run at once, again and again. Safe for use by many threads.
 */
final class LateFailures {

  /** More than there are workers that fail so at a time; others may have ended the oldest ones. */
  private static final int MOST = 100;

  private final Map<JobKey, HeldJob.Fault> faults = new LinkedHashMap<>();

  /** Guards them. One job is worked by one thread at a time. */
  private final ReentrantLock guard = new ReentrantLock();

  /**
   * Works a job; or has its failure recorded, if it has failed before.
   *
   * @param work what works it
   * @return what the work tells, or whether the failure was recorded
   */
  boolean workOrRecord(HeldJob job, Predicate<HeldJob> work) {
    JobKey key = job.row().key();
    HeldJob.Fault before = guarded(() -> faults.get(key));
    try {
      if (before == null) {
        return work.test(job);
      }
      boolean recorded = record(job, before);
      guarded(() -> faults.remove(key));
      return recorded;
    } catch (Throwable t) {
      HeldJob.Fault fault = job.fault();
      if (fault != null) {
        guarded(() -> keep(key, fault));
      }
      throw t;
    }
  }

  private static boolean record(HeldJob job, HeldJob.Fault fault) {
    try (job) {
      return job.fail(fault);
    }
  }

  private HeldJob.@Nullable Fault keep(JobKey key, HeldJob.Fault fault) {
    faults.remove(key);
    if (faults.size() == MOST) {
      faults.remove(faults.keySet().iterator().next());
    }
    return faults.put(key, fault);
  }

  private <T extends @Nullable Object> T guarded(Supplier<T> action) {
    guard.lock();
    try {
      return action.get();
    } finally {
      guard.unlock();
    }
  }
}
