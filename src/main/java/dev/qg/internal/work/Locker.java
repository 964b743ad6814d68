package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.JobNotices;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jooq.exception.DataAccessException;
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

  /** Made beforehand, for where there is no memory. */
  private static final Consumer<List<HeldJob>> LET_GO = Locker::letGo;

  private final LockSession session;
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

  private final Outage outage = new Outage("worker", "Can't take jobs");
  private long notBefore = System.nanoTime();

  /**
   * @param buffer makes the buffer, of what wakes this
   * @param maker makes a job of what was locked, whose end calls {@link #release}
   * @param interrupter tells the thread that works a job that it is lost
   */
  Locker(
      Connections connections,
      Statements sql,
      Taker taker,
      Function<Runnable, Buffer> buffer,
      Function<JobRow, HeldJob> maker,
      Consumer<HeldJob> interrupter,
      Counters counters) {
    this.session = new LockSession(connections, sql);
    this.taker = taker;
    this.maker = maker;
    this.interrupter = interrupter;
    this.counters = counters;
    this.buffer = buffer.apply(this::wake);
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
    session.abort();
  }

  @Override
  public void run() {
    try {
      while (!ending) {
        waiter.awaitQuietly(cycleOrFail());
      }
      unlocker.unlock(session.get());
    } finally {
      session.close();
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
        return Timings.FIRST_PAUSE;
      }
    }
  }

  private Duration cycle() {
    notices.drain().forEach(taker::heed);
    Duration unlock = Timings.NO_LIMIT;
    if (stopping || taker.isStopped()) {
      giveBackWaiting();
    } else {
      unlock = unlocker.unlockSoon(session.get());
    }
    if (session.isEnded()) {
      throw new DataAccessException("The session that holds the jobs' locks was ended");
    }
    long outageLasts = notBefore - System.nanoTime();
    if (outageLasts > 0) {
      return Pace.least(unlock, Pace.least(heartbeat(), Duration.ofNanos(outageLasts)));
    }
    taker.makeRoom(session.get(), holds);
    if (stopping) {
      return heartbeat();
    }
    Session opened = session.getOrOpen();
    // It may have taken long.
    if (!stopping) {
      take(opened);
    }
    Duration heartbeat = heartbeat();
    outage.over();
    return Pace.least(unlock, Pace.least(heartbeat, pause()));
  }

  private void take(Session from) {
    List<HeldJob> stalled = buffer.removeStalled(Timings.PREFETCH_LIMIT);
    if (!stalled.isEmpty()) {
      giveBack(stalled);
      unlocker.unlock(session.get());
    }
    List<JobRow> rows = taker.take(from, buffer, holds);
    if (!rows.isEmpty()) {
      giveBack(keep(rows.stream().map(maker).toList(), from));
    }
  }

  private List<HeldJob> keep(List<HeldJob> jobs, Session from) {
    try {
      jobs.forEach(job -> holds.add(job, from));
      session.answered();
      return buffer.add(jobs);
    } catch (Throwable t) {
      // None is in the buffer, where a thread could have begun to work it.
      NoMemory.surely(jobs, LET_GO);
      throw t;
    }
  }

  /** How long until there is something to look for, if anybody is there to work it. */
  private Duration pause() {
    Buffer.Level level = buffer.level();
    if (level.waiting() > 0) {
      return Timings.PREFETCH_LIMIT;
    }
    return level.idle() > 0 ? taker.pause(holds) : Timings.NO_LIMIT;
  }

  private void giveBack(List<HeldJob> jobs) {
    // All of them before anything that may fail for want of memory.
    NoMemory.surely(jobs, LET_GO);
    counters.givenBack.add(jobs.size());
    jobs.forEach(job -> taker.givenBack(job.row().key()));
  }

  private static void letGo(List<HeldJob> jobs) {
    jobs.forEach(HeldJob::letGo);
  }

  /** Gives back what has not started. */
  private void giveBackWaiting() {
    giveBack(buffer.drain());
    unlocker.unlock(session.get());
  }

  /** Asks the session for an answer if it is time; tells when it is time again. */
  private Duration heartbeat() {
    return holds.areEmpty() ? Timings.NO_LIMIT : session.heartbeat();
  }

  private void failed(Throwable cause) {
    if (cause instanceof Error || holds.areEmpty()) {
      // Left in the middle of an answer, say, or unfit by what was set on its connection before.
      session.abort();
    }
    Session current = session.get();
    if (current != null && current.isEnded()) {
      lose(current, cause);
      session.close();
    }
    notBefore = System.nanoTime() + outage.failed(cause).toNanos();
  }

  /**
   * Tells all whose jobs were locked by a session that is gone, with which went the locks. As long
   * as it is not closed, all of that is done again if it fails.
   */
  private void lose(Session gone, Throwable cause) {
    List<HeldJob> lost = holds.lose(gone);
    taker.reset();
    // Told of the loss before they are drained: what a thread takes meanwhile is not started.
    NoMemory.surely(buffer.drain(), LET_GO);
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

  int held() {
    return holds.size();
  }

  /** Since when the session is open that holds the locks; null if there is none. */
  @Nullable Duration sessionAge() {
    return session.age();
  }
}
