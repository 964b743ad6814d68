package dev.qg.internal.work;

/** Jobs can't be worked on the connections of a {@code DataSource}, as they are made. */
public final class UnfitConnectionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private UnfitConnectionException(String message) {
    super(message);
  }

  /** A pooler behind the {@code DataSource} shares sessions. */
  static UnfitConnectionException byPooler() {
    return new UnfitConnectionException(
        "A connection of the DataSource changes its session of the server, or shares it with others,"
            + " as behind a pooler that lends one for a transaction or a statement (PgBouncer with"
            + " pool_mode=transaction). A job is locked by a session until it is done, so nothing"
            + " is worked here: give the workers a DataSource that connects to PostgreSQL directly,"
            + " or through an entry of the pooler with pool_mode=session; to enqueue, this one will"
            + " do");
  }

  /** The {@code DataSource} itself hands out a connection that is in use. */
  static UnfitConnectionException byDataSource() {
    return new UnfitConnectionException(
        "The DataSource hands out a connection that is still in use, as one does that has a single"
            + " connection for everybody. Its users would end each other's transactions, so nothing"
            + " is sent: give the client a connection pool");
  }

  /** Each write would fail. */
  static UnfitConnectionException readOnly() {
    return new UnfitConnectionException(
        "The connections of the DataSource are read-only (Connection.isReadOnly, readOnly=true in"
            + " HikariCP): no job could be ended there. Give the workers a DataSource that may write");
  }

  /** The driver breaks the connection where a result has more bytes, again and again. */
  static UnfitConnectionException limited(String maxResultBuffer) {
    return new UnfitConnectionException(
        "The DataSource sets maxResultBuffer="
            + maxResultBuffer
            + ": the driver would break the session that holds the locks of jobs whenever their"
            + " arguments are larger. Workers read no more at a time than there is memory for: give"
            + " them a DataSource without that setting");
  }
}
