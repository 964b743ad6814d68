package dev.qg;

/**
 * What else happens when a job is completed or fails, besides its deletion or its retry: keep a
 * history, count, alert. What a hook writes through {@link LockedJob#tx()} commits together with
 * that deletion or retry, or not at all.
 *
 * <p>It is called by all workers of a {@link Qg}, and for jobs worked by hand, on the thread that
 * works the job, by many threads at a time.
 */
public interface JobHooks {

  /**
   * Called when a job has been worked, before it is deleted: if it turns out then that the job was
   * lost to another worker, what this hook wrote is undone, but the call has happened.
   *
   * @throws Exception any failure: the job counts as failed
   */
  default void onComplete(LockedJob job) throws Exception {}

  /**
   * Called when a job has failed and what it wrote is undone, before its failure is recorded.
   *
   * @param error what the handler threw, or a {@link QgException} with the message of {@link
   *     LockedJob#error(String)}; or why the job could not be read, which then has JSON's null in
   *     the place of its args and no last error
   * @throws Exception any failure: what this hook wrote is undone, and the failure is recorded all
   *     the same, with both errors
   */
  default void onFailure(LockedJob job, Throwable error) throws Exception {}
}
