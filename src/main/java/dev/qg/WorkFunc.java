package dev.qg;

/**
 * Works jobs of one type. It may be called by many threads at a time, for different jobs.
 *
 * <p>When it returns, the job is deleted, in one commit with what was written through {@link
 * LockedJob#tx()}. When it throws, those writes are undone and the job is tried again later, by its
 * {@link RetryPolicy}. A job can run more than once, if its worker dies before that commit:
 * everything that isn't written through the job's transaction must bear repetition.
 */
@FunctionalInterface
public interface WorkFunc {

  /**
   * Works one job.
   *
   * @param job held by the worker, which also ends it; of no use after the return
   * @throws Exception any failure: it is recorded on the job with its stack trace
   */
  void work(LockedJob job) throws Exception;
}
