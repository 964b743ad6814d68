package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Has the ends of jobs written, many together, and each committed before its job's lock is given
 * back. What can't be written is tried again with growing pauses, and meanwhile nothing is started
 * where that is the server's fault. Endings are added by many threads; the rest is for one of its
 * own.
 */
final class Finisher implements Runnable {

  private final WriteSession session;
  private final Locker locker;
  private final Stoppage stoppage;
  private final Waiter waiter = new Waiter();
  private final Queue<Ending> added = new ConcurrentLinkedQueue<>();

  private final EndWriter writer;
  private final Outage outage = new Outage("worker", "Can't write how jobs ended");

  /** When the database is tried again after it was away. */
  private long notBefore = System.nanoTime();

  /** When the next attempt to open the session early is due. */
  private long openAt = System.nanoTime();

  /** Set once, when nothing more will be added, and read by the loop when it has written all. */
  private volatile boolean stopping;

  /** Set once, when there is no time left for what can't be written. */
  private volatile boolean givingUp;

  /**
   * @param locker is woken when ends were committed and locks given back
   */
  Finisher(
      Connections connections,
      Statements sql,
      Locker locker,
      Stoppage stoppage,
      Counters counters) {
    this.session = new WriteSession(connections, sql);
    this.locker = locker;
    this.stoppage = stoppage;
    this.writer = new EndWriter(sql, counters);
  }

  /** Takes over the end of a job. */
  void add(Ending ending) {
    added.add(ending);
    waiter.wake();
  }

  /** Lets it look again at what keeps it from writing. */
  void wake() {
    waiter.wake();
  }

  /** Asks it to end when everything is written. */
  void stop() {
    stopping = true;
    waiter.wake();
  }

  /** Asks it to end at once, and to give back what is not written. */
  void giveUp() {
    givingUp = true;
    stop();
    session.abort();
  }

  @Override
  public void run() {
    try {
      writeUntilStopped();
    } finally {
      session.close();
    }
  }

  private void writeUntilStopped() {
    while (!givingUp && !(stopping && isEmpty())) {
      try {
        Duration pause = pause();
        if (pause.isZero()) {
          writeAll();
        } else {
          waiter.awaitQuietly(Pace.least(pause, openEarly()));
        }
      } catch (Throwable t) {
        // Such as that there is no memory left to say what failed: it goes on once there is.
        waiter.awaitQuietly(Timings.FIRST_PAUSE);
      }
    }
    writer.giveBack(added);
    locker.wakeForReleased();
  }

  private Duration openEarly() {
    if (!isEmpty()) {
      return Timings.NO_LIMIT;
    }
    long left = openAt - System.nanoTime();
    if (left > 0) {
      return Duration.ofNanos(left);
    }
    try {
      session.openEarly();
      // No job starts before that: its handler could take the connection.
      stoppage.over();
      outage.over();
      return Timings.NO_LIMIT;
    } catch (RuntimeException e) {
      // If the database is away, the locker says so; else nobody would say why no job starts.
      boolean isAway = locker.sessionAge() == null;
      Duration pause = isAway ? Timings.LONGEST_PAUSE : outage.failed(e);
      openAt = System.nanoTime() + pause.toNanos();
      return pause;
    }
  }

  /** Whether there is nothing to write for certain; may be called by any thread. */
  boolean isIdle() {
    // It opens a session early only while it has no ending in its hands.
    return session.isOpeningEarly() && added.isEmpty();
  }

  private boolean isEmpty() {
    return added.isEmpty() && writer.isEmpty();
  }

  /** How long there is nothing to be done. */
  private Duration pause() {
    long untilReachable = notBefore - System.nanoTime();
    if (untilReachable > 0 && !stoppage.isRoomMade()) {
      return Duration.ofNanos(untilReachable);
    }
    return added.isEmpty() ? writer.pause() : Duration.ZERO;
  }

  private void writeAll() {
    try {
      Session open = session.get();
      if (givingUp) {
        return;
      }
      writeAll(open);
      session.used(open);
      stoppage.over();
      outage.over();
    } catch (Throwable t) {
      if (isEmpty()) {
        // Nothing is left to be tried again, which would end it.
        stoppage.over();
      } else {
        stoppage.failed(t);
      }
      notBefore = System.nanoTime() + outage.failed(t).toNanos();
      session.close();
    }
  }

  private void writeAll(Session open) {
    do {
      writer.fill(added);
      try {
        writer.write(open);
      } finally {
        locker.wakeForReleased();
      }
    } while (!added.isEmpty() && !givingUp && !open.settings().isWritingWhatIsFree());
  }
}
