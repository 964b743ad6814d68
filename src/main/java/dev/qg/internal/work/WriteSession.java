package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.Statements;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * The session on which the ends of a pool's jobs are written. It is opened early and kept, so that
 * what ends jobs never waits for a connection behind the handlers. One that is broken is replaced.
 * Confined to the finisher's thread, except for {@link #abort}.
 */
final class WriteSession {

  private final Connections connections;
  private final Statements sql;

  /** Written by the own thread, read by a thread that ends the session. */
  private volatile @Nullable Session current;

  /** Whether it waits for a connection early; read by a shutdown, which need not wait for that. */
  private volatile boolean openingEarly;

  /** When the session was last used. */
  private long usedAt;

  WriteSession(Connections connections, Statements sql) {
    this.connections = connections;
    this.sql = sql;
  }

  /** Opens one early, if there is none. */
  void openEarly() {
    if (current == null) {
      openingEarly = true;
      try {
        get();
      } catch (RuntimeException e) {
        close();
        throw e;
      } finally {
        openingEarly = false;
      }
    }
  }

  boolean isOpeningEarly() {
    return openingEarly;
  }

  /** The one that is open, or a new one; after a silence, only if the server still answers. */
  Session get() {
    Session session = current;
    if (session != null && (session.isUnfit() || (isSilent() && !answers(session)))) {
      close();
    }
    session = current;
    if (session == null) {
      session = Session.openToWrite(connections, sql);
      current = session;
      // Kept for long: the next one may lead to a server that can write.
      session.requireWritable();
    }
    usedAt = System.nanoTime();
    return session;
  }

  /** One that was ended while nothing was written is no failure to write. */
  private static boolean answers(Session session) {
    try {
      session.requireAnswer();
      return true;
    } catch (DataAccessException e) {
      session.doubt();
      return false;
    }
  }

  private boolean isSilent() {
    return System.nanoTime() - usedAt >= Timings.HEARTBEAT.toNanos();
  }

  /** Takes note of what was done: the session is not kept if it is in doubt. */
  void used(Session session) {
    if (session.isUnfit()) {
      close();
    } else {
      session.settings().toWriteAgain();
      usedAt = System.nanoTime();
    }
  }

  /** Ends it, as it hangs; from any thread. */
  void abort() {
    Session session = current;
    if (session != null) {
      session.abort();
    }
  }

  void close() {
    Session session = current;
    // Before it goes back: from then on it may be somebody else's.
    current = null;
    if (session != null) {
      session.close();
    }
  }
}
