package dev.qg.internal.work;

import java.sql.Connection;
import java.util.function.Supplier;
import org.jooq.Transaction;
import org.jooq.TransactionContext;
import org.jooq.TransactionProvider;

/**
 * Makes {@code job.tx().transaction(…)} a savepoint within the job's transaction: jOOQ's own
 * provider would commit the whole.
 */
final class NestedTransactions implements TransactionProvider {

  private record Nested(SavepointTransaction savepoint, Runnable undo) implements Transaction {}

  private final Connection connection;
  private final Supplier<Runnable> mark;

  /**
   * @param mark called at the beginning of each; what it gives is run when that one is undone
   */
  NestedTransactions(Connection connection, Supplier<Runnable> mark) {
    this.connection = connection;
    this.mark = mark;
  }

  @Override
  public void begin(TransactionContext context) {
    SavepointTransaction savepoint = new SavepointTransaction(connection);
    savepoint.begin();
    context.transaction(new Nested(savepoint, mark.get()));
  }

  @Override
  public void commit(TransactionContext context) {
    nested(context).savepoint().commit();
  }

  @Override
  public void rollback(TransactionContext context) {
    nested(context).savepoint().rollback();
    nested(context).undo().run();
  }

  private static Nested nested(TransactionContext context) {
    return (Nested) context.transaction();
  }
}
