package dev.qg;

import org.jooq.DSLContext;

/**
 * Lets the test of a {@link WorkFunc} run on the test's own transaction.
 *
 * <pre>{@code
 * ctx.transaction(cfg -> {
 *   LockedJob job = TestJobs.inject(qg, DSL.using(cfg), Job.of("SendReceipt").withArgs("[42]"));
 *   new SendReceipt().work(job);
 *   // look at what it wrote, through DSL.using(cfg), and roll everything back
 * });
 * }</pre>
 */
public final class TestJobs {

  private TestJobs() {}

  /**
   * Puts a job into the table and holds it, within the transaction of the test, so that its {@link
   * LockedJob#tx()} is that transaction. It behaves as one that a worker holds: {@link
   * LockedJob#delete()} deletes its row, {@link LockedJob#error(String)} undoes what was written
   * through it and counts an error. Nothing is committed, and nobody else ever sees it.
   *
   * @param tx in a transaction
   * @throws IllegalArgumentException if it is not in a transaction
   */
  public static LockedJob inject(Qg qg, DSLContext tx, Job job) {
    Check.notNull("qg", qg);
    Check.notNull("tx", tx);
    return qg.core().inject(tx, Check.notNull("job", job));
  }
}
