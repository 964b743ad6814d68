package dev.qg.internal.work;

import java.sql.Connection;
import java.util.function.Supplier;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/**
 * What a job's holder sees of its transaction, made when it is first asked for: most jobs never do.
 * Guarded by the job.
 */
final class JobView {

  private final HeldJob job;
  private final Configuration configuration;
  private final boolean mayEnd;

  private @Nullable Connection connection;
  private @Nullable DSLContext tx;

  /**
   * @param configuration what the {@code DSLContext} derives from
   * @param mayEnd whether the holder may commit and roll back
   */
  JobView(HeldJob job, Configuration configuration, boolean mayEnd) {
    this.job = job;
    this.configuration = configuration;
    this.mayEnd = mayEnd;
  }

  Connection connection() {
    if (connection == null) {
      connection = JobConnection.of(job, mayEnd);
    }
    return connection;
  }

  /**
   * @param raw the session's connection
   * @param mark called at the beginning of each nested transaction, for what undoes it
   */
  DSLContext tx(Connection raw, Supplier<Runnable> mark) {
    if (tx == null) {
      tx =
          DSL.using(
              configuration
                  .derive(new JobConnections(job))
                  .derive(new NestedTransactions(raw, mark)));
    }
    return tx;
  }
}
