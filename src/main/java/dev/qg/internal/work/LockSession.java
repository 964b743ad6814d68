package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The session that holds the locks of a pool's jobs, if one is open. For the locker's thread, but
 * for {@link #abort} and {@link #age}.
 */
final class LockSession {

  private static final long HEARTBEAT = Timings.HEARTBEAT.toNanos();

  private final Connections connections;
  private final Statements sql;

  /** Written by the own thread, read by who ends the session in its place, or asks for its age. */
  private volatile @Nullable Open open;

  private record Open(Session session, long since) {}

  private long heard = System.nanoTime();

  LockSession(Connections connections, Statements sql) {
    this.connections = connections;
    this.sql = sql;
  }

  /** The one that is open, or was until it was ended and is not closed; null if there is none. */
  @Nullable Session get() {
    Open current = open;
    return current == null ? null : current.session;
  }

  /** The one that is open, or a new one. */
  Session getOrOpen() {
    Session session = get();
    if (session == null) {
      session = Session.openToLock(connections, sql);
      open = new Open(session, System.nanoTime());
      answered();
    }
    return session;
  }

  boolean isEnded() {
    Session session = get();
    return session != null && session.isEnded();
  }

  /** Hears that it has answered. */
  void answered() {
    heard = System.nanoTime();
  }

  /** Asks it for an answer if it is time; tells when it is time again. */
  Duration heartbeat() {
    Session session = get();
    if (session == null) {
      return Timings.NO_LIMIT;
    }
    if (System.nanoTime() - heard >= HEARTBEAT) {
      // One that fails to say which it is has answered, too, and is not asked again at once.
      answered();
      session.requireAnswer();
      answered();
    }
    return Duration.ofNanos(HEARTBEAT - (System.nanoTime() - heard));
  }

  /** Ends it, as it hangs or is in doubt. */
  void abort() {
    Session session = get();
    if (session != null) {
      session.abort();
    }
  }

  void close() {
    Session session = get();
    open = null;
    if (session != null) {
      session.close();
    }
  }

  /** Since when it is open; null if none is. */
  @Nullable Duration age() {
    Open current = open;
    return current == null ? null : Duration.ofNanos(System.nanoTime() - current.since);
  }
}
