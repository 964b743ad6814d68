package dev.qg.internal.work;

import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.JobNotices;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the locks of all jobs of a pool on one session: takes jobs and gives locks back, asks the
 * session whether it still lives, and opens another one when it doesn't. Other threads wake it,
 * release jobs and end it; all else is for its own.
 */
final class Locker implements Runnable {

  private static final Logger log = LoggerFactory.getLogger(Locker.class);

  /** How long the session of jobs that are held may be silent before it is asked for an answer. */
  private static final long HEARTBEAT = Duration.ofSeconds(2).toNanos();

  private final Connections connections;
  private final Statements sql;
  private final Taker taker;
  private final Function<JobRow, HeldJob> maker;
  private final Consumer<HeldJob> interrupter;
  private final Counters counters;
  private final Buffer buffer;

  private final Waiter waiter = new Waiter();
  private final Holds holds = new Holds();
  private final Unlocker unlocker;
  private final JobNotices notices = new JobNotices();

  /** Set once, and read before each look: nothing more is taken. */
  private volatile boolean stopping;

  /** Set once, when everything is released that ever will be. */
  private volatile boolean ending;

  /** Written by the own thread, read by who ends the session in its place, or asks for its age. */
  private volatile @Nullable OpenSession open;

  private record OpenSession(Session session, long since) {}

  private final Outage outage = new Outage("worker", "Can't take jobs");
  private long notBefore = System.nanoTime();
  private long answered = System.nanoTime();

  /**
   * @param maker makes a job of what was locked, whose end calls {@link #release}
   * @param interrupter tells the thread that works a job that it is lost
   */
  Locker(
      Connections connections,
      Statements sql,
      Taker taker,
      Function<JobRow, HeldJob> maker,
      Consumer<HeldJob> interrupter,
      Counters counters) {
    this.connections = connections;
    this.sql = sql;
    this.taker = taker;
    this.maker = maker;
    this.interrupter = interrupter;
    this.counters = counters;
    this.buffer = new Buffer(this::wake);
    this.unlocker = new Unlocker(holds, job -> taker.lost(job.row().key()));
  }

  Buffer buffer() {
    return buffer;
  }

  void wake() {
    waiter.wake();
  }

  /** Hears of a job that can be taken. */
  void heed(JobNotice notice) {
    notices.add(notice);
    wake();
  }

  /** Takes the lock of a job back, whose end is committed; many of them before a wake-up. */
  void release(HeldJob job) {
    holds.release(job);
  }

  /** Wakes it for what was released, unless it will look soon anyway. */
  void wakeForReleased() {
    if (unlocker.isWanted()) {
      wake();
    }
  }

  /** Asks it to take nothing more and to give back what has not started. */
  void stop() {
    stopping = true;
    buffer.close();
    wake();
  }

  /** Asks it to give the last locks back and to end. */
  void end() {
    ending = true;
    wake();
  }

  /** Ends its session from another thread, as it hangs. */
  void abort() {
    OpenSession current = open;
    if (current != null) {
      current.session.abort();
    }
  }

  @Override
  public void run() {
    try {
      while (!ending) {
        waiter.awaitQuietly(cycleOrFail());
      }
      OpenSession current = open;
      unlocker.unlock(current == null ? null : current.session);
    } finally {
      close();
    }
  }

  private Duration cycleOrFail() {
    try {
      return cycle();
    } catch (Throwable t) {
      try {
        failed(t);
        return Duration.ZERO;
      } catch (Throwable again) {
        // Such as that there is no memory to say so: it goes on once there is.
        return Outage.FIRST_PAUSE;
      }
    }
  }

  private Duration cycle() {
    OpenSession current = open;
    notices.drain().forEach(taker::heed);
    Session session = current == null ? null : current.session;
    Duration unlock = Shutdown.NO_LIMIT;
    if (stopping) {
      giveBack(buffer.drain());
      unlocker.unlock(session);
    } else {
      unlock = unlocker.unlockSoon(session);
    }
    if (current != null && current.session.isEnded()) {
      throw new IllegalStateException("The session that holds the jobs' locks was ended");
    }
    long outageLasts = notBefore - System.nanoTime();
    if (outageLasts > 0) {
      return Pace.least(unlock, Pace.least(heartbeat(), Duration.ofNanos(outageLasts)));
    }
    taker.makeRoom(session, holds);
    if (stopping) {
      return heartbeat();
    }
    OpenSession opened = current == null ? open() : current;
    // It may have taken long.
    if (!stopping) {
      take(opened);
    }
    Duration heartbeat = heartbeat();
    outage.over();
    return Pace.least(unlock, Pace.least(heartbeat, pause()));
  }

  private OpenSession open() {
    OpenSession opened = new OpenSession(Session.openToLock(connections, sql), System.nanoTime());
    open = opened;
    answered();
    return opened;
  }

  private void take(OpenSession current) {
    Buffer.Level level = buffer.level();
    if (level.oldestNanos() > Pace.PATIENCE.toNanos() || taker.isStopped()) {
      giveBack(buffer.drain());
      unlocker.unlock(current.session);
      taker.stalled();
      level = buffer.level();
    }
    List<JobRow> rows = taker.take(current.session, level, holds);
    if (!rows.isEmpty()) {
      giveBack(keep(rows.stream().map(maker).toList(), current.session));
    }
  }

  private List<HeldJob> keep(List<HeldJob> jobs, Session session) {
    try {
      jobs.forEach(job -> holds.add(job, session));
      answered();
      return buffer.add(jobs);
    } catch (Throwable t) {
      // Some may be in the buffer: told of the loss, they are not started.
      jobs.forEach(HeldJob::lose);
      jobs.forEach(HeldJob::letGo);
      throw t;
    }
  }

  /** How long until there is something to look for, if anybody is there to work it. */
  private Duration pause() {
    Buffer.Level level = buffer.level();
    if (level.waiting() > 0) {
      return Pace.PATIENCE;
    }
    return level.idle() > 0 ? taker.pause(holds) : Shutdown.NO_LIMIT;
  }

  private void giveBack(List<HeldJob> jobs) {
    for (HeldJob job : jobs) {
      job.letGo();
      counters.givenBack.increment();
      taker.givenBack(job.row().key());
    }
  }

  private void answered() {
    answered = System.nanoTime();
  }

  /** Asks the session for an answer if it is time; tells when it is time again. */
  private Duration heartbeat() {
    OpenSession current = open;
    if (holds.areEmpty() || current == null) {
      return Shutdown.NO_LIMIT;
    }
    if (System.nanoTime() - answered >= HEARTBEAT) {
      current.session.requireAnswer();
      answered();
    }
    return Duration.ofNanos(HEARTBEAT - (System.nanoTime() - answered));
  }

  private void failed(Throwable cause) {
    OpenSession current = open;
    if (current != null && (cause instanceof Error || holds.areEmpty())) {
      // Left in the middle of an answer, say, or unfit by what was set on its connection before.
      current.session.abort();
    }
    if (current != null && current.session.isEnded()) {
      lose(cause);
      close();
    }
    notBefore = System.nanoTime() + outage.failed(cause).toNanos();
  }

  /** Tells all whose jobs were locked by a session that is gone, with which went the locks. */
  private void lose(Throwable cause) {
    List<HeldJob> lost = holds.loseAll();
    taker.reset();
    // Told of the loss before they are drained: what a thread takes meanwhile is not started.
    buffer.drain().forEach(HeldJob::letGo);
    lost.forEach(interrupter);
    if (!lost.isEmpty()) {
      log.atWarn()
          .addKeyValue("event", "lock_session_lost")
          .addKeyValue("jobs", lost.size())
          .setCause(cause)
          .log(
              "The session that held the locks of {} jobs is gone: what was not started is free,"
                  + " what runs is interrupted, and can't be completed if another worker has it",
              lost.size());
    }
  }

  private void close() {
    OpenSession current = open;
    open = null;
    if (current != null) {
      current.session.close();
    }
  }

  int held() {
    return holds.size();
  }

  /** Since when the session is open that holds the locks; null if there is none. */
  @Nullable Duration sessionAge() {
    OpenSession current = open;
    return current == null ? null : Duration.ofNanos(System.nanoTime() - current.since);
  }
}
