package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Consumer;
import org.jooq.exception.DataAccessException;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens on a session of its own for notices of jobs that were committed anywhere. When it can't,
 * polling goes on as without it. For one thread, but for {@link #stop}.
 */
final class Listener implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(Listener.class);

  /** How long a stop may go unnoticed. The driver can't be woken while it waits. */
  private static final int WAIT_MILLIS = 100;

  private static final long HEARTBEAT = Timings.LISTENER_HEARTBEAT.toNanos();

  private final Connections connections;
  private final Statements sql;
  private final Consumer<JobNotice> hearer;
  private final Waiter waiter = new Waiter();
  private final Outage outage =
      new Outage("listener", "Can't listen for new jobs, which are found once an interval");

  /** Set once, read between two waits. */
  private volatile boolean stopping;

  Listener(Connections connections, Statements sql, Consumer<JobNotice> hearer) {
    this.connections = connections;
    this.sql = sql;
    this.hearer = hearer;
  }

  void stop() {
    stopping = true;
    waiter.wake();
  }

  @Override
  public void run() {
    while (!stopping) {
      try (Session session = Session.openToHold(connections, sql)) {
        if (!session.connection().isWrapperFor(PGConnection.class)) {
          log.atWarn()
              .addKeyValue("event", "not_listening")
              .log(
                  "The DataSource gives connections that hide the driver's: new jobs are found once"
                      + " an interval");
          return;
        }
        listen(session);
      } catch (Throwable t) {
        waiter.awaitQuietly(pauseAfter(t));
      }
    }
  }

  private Duration pauseAfter(Throwable t) {
    try {
      return stopping ? Duration.ZERO : outage.failed(t);
    } catch (Throwable again) {
      // Such as that there is no memory left to say so.
      return Timings.FIRST_PAUSE;
    }
  }

  private void listen(Session session) throws SQLException {
    try {
      listen(session.connection());
    } catch (Throwable t) {
      // It may still be listening, which nobody else wants of it.
      session.abort();
      throw t;
    }
  }

  private void listen(Connection connection) throws SQLException {
    sql.listen().execute(connection);
    // What was committed before is not told.
    hearer.accept(JobNotice.ofAny());
    outage.over();
    PGConnection notified = connection.unwrap(PGConnection.class);
    long heard = System.nanoTime();
    while (!stopping) {
      PGNotification[] notifications = notified.getNotifications(WAIT_MILLIS);
      for (PGNotification notification : notifications) {
        hearer.accept(JobNotice.parse(notification.getParameter()));
      }
      if (notifications.length > 0) {
        heard = System.nanoTime();
      } else if (System.nanoTime() - heard > HEARTBEAT) {
        if (!connection.isValid(Timings.seconds(Timings.HEARTBEAT_ANSWER))) {
          throw new DataAccessException("The session that listens doesn't answer");
        }
        heard = System.nanoTime();
      }
    }
    sql.listen().end(connection);
  }
}
