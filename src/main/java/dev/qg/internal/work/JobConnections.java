package dev.qg.internal.work;

import java.sql.Connection;
import org.jooq.ConnectionProvider;

/**
 * Gives out the connection of a job's transaction as long as there is one: a {@code DSLContext}
 * that was kept beyond the job's end must not write on the session, which has other work by then.
 */
record JobConnections(HeldJob job) implements ConnectionProvider {

  @Override
  public Connection acquire() {
    return job.connection();
  }

  @Override
  public void release(Connection connection) {}
}
