package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.SelectBackend;
import java.sql.Connection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jooq.exception.DataAccessException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes sure, before a job is locked, that a connection is one session of the server as long as it
 * is held. A pooler between them may lend sessions for a transaction only: there a lock stays
 * behind in a session that others use, and so excludes nobody. That is not asked of its name but
 * seen by what it does. Safe for use by many threads.
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
   * @throws SharedSessionException if jobs can't be locked on these connections
   */
  void require(SelectBackend backend) {
    if (passed) {
      return;
    }
    if (connections.call(backend::isDrivers)) {
      passed = true;
    } else {
      compareOneByOne(backend);
    }
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
      throw SharedSessionException.byPooler();
    }
  }

  /** Fails if a connection has another backend than before. */
  static void requireSame(int own, int backend) {
    if (backend != own) {
      throw SharedSessionException.byPooler();
    }
  }
}
