package dev.qg.internal.work;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collections;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;

/**
 * A set of the driver's connections behind those of a pool, each for as long as it lives. One that
 * the pool hides is never in it. Safe for use by many threads.
 */
final class ConnectionSet {

  private final Set<Connection> connections = Collections.newSetFromMap(new WeakHashMap<>());
  private final ReentrantLock guard = new ReentrantLock();

  boolean contains(Connection connection) {
    Connection drivers = driversOf(connection);
    guard.lock();
    try {
      return drivers != null && connections.contains(drivers);
    } finally {
      guard.unlock();
    }
  }

  /**
   * Adds it, unless it is hidden.
   *
   * @return false if it was in the set
   */
  boolean add(Connection connection) {
    Connection drivers = driversOf(connection);
    guard.lock();
    try {
      return drivers == null || connections.add(drivers);
    } finally {
      guard.unlock();
    }
  }

  /** What takes it out, also when the pool's connection is closed. */
  Runnable removal(Connection connection) {
    Connection drivers = driversOf(connection);
    return () -> {
      guard.lock();
      try {
        connections.remove(drivers);
      } finally {
        guard.unlock();
      }
    };
  }

  private static @Nullable Connection driversOf(Connection connection) {
    try {
      return connection.isWrapperFor(BaseConnection.class)
          ? connection.unwrap(BaseConnection.class)
          : null;
    } catch (SQLException e) {
      throw new DataAccessException("Can't tell which connection it is", e);
    }
  }
}
