package dev.qg.internal.work;

import dev.qg.internal.sql.DriverErrors;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The transaction in which a job's handler writes and its deletion commits. It begins when it is
 * first asked for, so that a handler that needs none holds none. For one thread at a time.
 */
interface JobTransaction {

  /** Runs a statement within what has begun; where nothing has, it commits by itself. */
  <T> T call(Function<Connection, T> statement);

  /**
   * Deletes the job as the last thing that is done to it, within what has begun; where nothing has,
   * it commits by itself, and the job's lock may be given up with it.
   *
   * @return false if the job was lost
   */
  default boolean deleteLast(Statements sql, JobKey key) {
    return call(connection -> sql.deleteJob().execute(connection, key));
  }

  /** Begins the transaction if that has not happened. */
  Connection begin();

  boolean isOpen();

  /** Commits what has begun; nothing where nothing has. */
  void commit();

  /** Undoes what has begun; nothing where nothing has. */
  void rollback();

  /** Hears that something was broken off, maybe the answer to a statement: ends the session. */
  default void doubt() {}

  /** Hears what has failed, by which something may have been broken off. */
  default void doubtAfter(@Nullable Throwable failure) {
    if (JvmErrors.areIn(failure)) {
      doubt();
    }
  }

  /**
   * Ends the session of what has begun, if it is one of its own, and gives the connection back;
   * from any thread.
   */
  default void abandon() {}

  /**
   * Fails if a statement has failed in what has begun: the server answers a commit then by undoing
   * everything, which the driver doesn't tell.
   */
  default void requireSound() {
    if (isOpen()) {
      try {
        SavepointTransaction.probe(begin());
      } catch (SQLException e) {
        throw DriverErrors.failure(
            "A statement has failed in the job's transaction, which is undone", e);
      }
    }
  }

  /** Undoes what has begun after a failure, which a further one is added to. */
  default void rollbackAfter(Throwable failure) {
    doubtAfter(failure);
    try {
      rollback();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }
}
