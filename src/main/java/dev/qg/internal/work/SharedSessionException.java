package dev.qg.internal.work;

/** A connection is no session of the server's, so that it can't hold the lock of a job. */
public final class SharedSessionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  SharedSessionException() {
    super(
        "A connection of the DataSource changes its session of the server, or shares it with others,"
            + " as behind a pooler that lends one for a transaction or a statement (PgBouncer with"
            + " pool_mode=transaction). A job is locked by a session until it is done, so nothing"
            + " is worked here: give the workers a DataSource that connects to PostgreSQL directly,"
            + " or through an entry of the pooler with pool_mode=session; to enqueue, this one will"
            + " do");
  }
}
