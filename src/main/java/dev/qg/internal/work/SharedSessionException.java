package dev.qg.internal.work;

/**
 * A connection is no session of the server's, or has another user at the same time: it can't hold
 * the lock of a job, nor its transaction.
 */
public final class SharedSessionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private SharedSessionException(String message) {
    super(message);
  }

  /** A pooler behind the {@code DataSource} shares sessions. */
  static SharedSessionException byPooler() {
    return new SharedSessionException(
        "A connection of the DataSource changes its session of the server, or shares it with others,"
            + " as behind a pooler that lends one for a transaction or a statement (PgBouncer with"
            + " pool_mode=transaction). A job is locked by a session until it is done, so nothing"
            + " is worked here: give the workers a DataSource that connects to PostgreSQL directly,"
            + " or through an entry of the pooler with pool_mode=session; to enqueue, this one will"
            + " do");
  }

  /** The {@code DataSource} itself hands out a connection that is in use. */
  static SharedSessionException byDataSource() {
    return new SharedSessionException(
        "The DataSource hands out a connection that is still in use, as one does that has a single"
            + " connection for everybody. Its users would end each other's transactions, so nothing"
            + " is sent: give the client a connection pool");
  }
}
