package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.SelectBackend;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jooq.exception.DataAccessException;
import org.postgresql.Driver;
import org.postgresql.PGProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sure, before a job is locked, that a connection can write and read what that takes, and
 * that it is one session of the server as long as it is held. A pooler between them may lend
 * sessions for a transaction only: there a lock stays behind in a session that others use, and so
 * excludes nobody. That is not asked of its name but seen by what it does. Safe for use by many
 * threads.
 */
final class SessionCheck {

  /**
   * How often two connections are compared. The first time is enough where nobody else uses the
   * pooler, whichever of its sessions it lends first.
   */
  private static final int ROUNDS = 5;

  private static final Logger log = LoggerFactory.getLogger(SessionCheck.class);

  private final Connections connections;

  /**
   * One thread at a time compares: if each of many held one connection and waited for a second one,
   * a small pool would have none left.
   */
  private final ReentrantLock guard = new ReentrantLock();

  /** Read without the guard, for one check too many does no harm. */
  private volatile boolean passed;

  SessionCheck(Connections connections) {
    this.connections = connections;
  }

  /**
   * Checks it, unless that was done before.
   *
   * @throws UnfitConnectionException if jobs can't be locked on these connections
   */
  void require(SelectBackend backend) {
    if (passed) {
      return;
    }
    if (connections.call(connection -> isFit(connection, backend))) {
      passed = true;
    } else {
      compareOneByOne(backend);
    }
  }

  /** Whether it is a session for certain; fails if it is unfit by how it is set up. */
  private static boolean isFit(Connection connection, SelectBackend backend) {
    try {
      if (connection.isReadOnly()) {
        throw UnfitConnectionException.readOnly();
      }
      Properties properties = Driver.parseURL(connection.getMetaData().getURL(), new Properties());
      String limit =
          properties == null ? null : PGProperty.MAX_RESULT_BUFFER.getOrDefault(properties);
      if (limit != null) {
        throw UnfitConnectionException.limited(limit);
      }
    } catch (SQLException e) {
      throw new DataAccessException("Can't tell how the connection is set up", e);
    }
    return backend.isDrivers(connection);
  }

  private void compareOneByOne(SelectBackend backend) {
    try {
      if (!guard.tryLock(Timings.SESSION_CHECK.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new DataAccessException("Others still compare connections, to see what they are");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DataAccessException("Interrupted while others compare connections", e);
    }
    try {
      if (!passed) {
        connections.use(one -> compare(one, backend));
        passed = true;
      }
    } finally {
      guard.unlock();
    }
  }

  /** Has it checked again. */
  void doubt() {
    passed = false;
  }

  /**
   * Between its transactions, a connection that is no session has none: another connection is lent
   * the one that it had, or it is lent another one itself.
   */
  private void compare(Connection connection, SelectBackend backend) {
    int own = backend.execute(connection);
    try {
      connections.use(
          other -> {
            for (int i = 0; i < ROUNDS; i++) {
              requireOther(own, backend.execute(other));
              // Twice: where two sessions take turns, the other has just had the second one.
              requireSame(own, backend.execute(connection));
              requireSame(own, backend.execute(connection));
            }
          });
    } catch (DataAccessException e) {
      // If this fails as well, the database does. Else there is no second connection, or no session
      // for it, which a worker can do without.
      requireSame(own, backend.execute(connection));
      log.atWarn()
          .addKeyValue("event", "session_unchecked")
          .setCause(e)
          .log(
              "There is something between the DataSource and the server, and without a second"
                  + " connection it can't be seen whether it keeps sessions apart");
    }
  }

  private static void requireOther(int own, int backend) {
    if (backend == own) {
      throw UnfitConnectionException.byPooler();
    }
  }

  /** Fails if a connection has another backend than before. */
  static void requireSame(int own, int backend) {
    if (backend != own) {
      throw UnfitConnectionException.byPooler();
    }
  }
}
