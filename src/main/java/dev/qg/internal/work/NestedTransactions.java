package dev.qg.internal.work;

import java.sql.Connection;
import org.jooq.Transaction;
import org.jooq.TransactionContext;
import org.jooq.TransactionProvider;

/**
 * Makes {@code job.tx().transaction(…)} a savepoint within the job's transaction: jOOQ's own
 * provider would commit the whole.
 */
final class NestedTransactions implements TransactionProvider {

  private record Nested(SavepointTransaction savepoint) implements Transaction {}

  private final Connection connection;

  NestedTransactions(Connection connection) {
    this.connection = connection;
  }

  @Override
  public void begin(TransactionContext context) {
    SavepointTransaction savepoint = new SavepointTransaction(connection);
    savepoint.begin();
    context.transaction(new Nested(savepoint));
  }

  @Override
  public void commit(TransactionContext context) {
    savepoint(context).commit();
  }

  @Override
  public void rollback(TransactionContext context) {
    savepoint(context).rollback();
  }

  private static SavepointTransaction savepoint(TransactionContext context) {
    return ((Nested) context.transaction()).savepoint();
  }
}
