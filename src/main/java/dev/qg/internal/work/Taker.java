package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.work.SessionLocks.Taken;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides how many jobs are taken, from which queues and from where on, and takes them. For the
 * locker's thread.
 */
final class Taker {

  private static final Logger log = LoggerFactory.getLogger(Taker.class);

  private static final long HEAP = Runtime.getRuntime().maxMemory();

  /**
   * How many bytes of args a pool holds, waiting and running: as long as it has more, it takes
   * nothing. A part of the memory, of which handlers need the most.
   */
  private static final long HELD = HEAP / 4;

  /**
   * How many bytes of args one look reads. They are in memory twice for a moment, as the driver has
   * them and as texts. More would not make it any cheaper.
   */
  private static final long AT_ONCE = Math.min(16 << 20, HEAP / 16);

  private final List<QueueCursor> cursors;
  private final Pace pace;
  private final LockLimit limit;
  private final Stoppage stoppage;
  private final Counters counters;

  /** Where the next look for jobs starts, so that no queue starves another. */
  private int nextQueue;

  Taker(
      List<String> queues,
      Duration interval,
      Pace pace,
      LockLimit limit,
      Stoppage stoppage,
      Counters counters) {
    long now = System.nanoTime();
    this.cursors = queues.stream().map(queue -> new QueueCursor(queue, interval, now)).toList();
    this.pace = pace;
    this.limit = limit;
    this.stoppage = stoppage;
    this.counters = counters;
  }

  /** Whether nothing is taken, and what has not started is not to start, for now. */
  boolean isStopped() {
    return stoppage.isOn();
  }

  /** Makes room for the ends of jobs, where they have none in the server's lock table. */
  void makeRoom(@Nullable Session session, Holds holds) {
    RuntimeException cause = stoppage.shortage();
    if (cause != null && session != null && session.giveUpSpares()) {
      limit.shrinkTo(Math.max(pace.threads(), holds.size() / 2), cause);
      stoppage.roomMade();
    }
  }

  /** Takes jobs, if there is room for enough of them. */
  List<JobRow> take(Session session, Buffer.Level level, Holds holds) {
    if (isStopped()) {
      return List.of();
    }
    int target = level.idle() + pace.ahead(limit.get());
    int room = Math.min(target - level.waiting(), limit.get() - holds.size());
    // What is left is enough for now: fewer and larger chunks are cheaper.
    long bytes = HELD - holds.bytes();
    if (room <= 0 || bytes <= 0 || level.waiting() > target / 2) {
      return List.of();
    }
    List<List<JobRow>> found = new ArrayList<>();
    long now = System.nanoTime();
    int due = (int) cursors.stream().filter(cursor -> cursor.isDue(now)).count();
    for (int i = 0; i < cursors.size() && room > 0 && bytes > 0; i++) {
      QueueCursor cursor = cursors.get((nextQueue + i) % cursors.size());
      if (cursor.isDue(now)) {
        int share = (room + due - 1) / due;
        List<JobRow> rows = takeOr(found, session, cursor, share, holds, bytes);
        found.add(rows);
        bytes -= rows.stream().mapToLong(JobRow::size).sum();
        room -= rows.size();
        due--;
      }
    }
    if (!found.isEmpty() && found.stream().allMatch(List::isEmpty) && holds.areEmpty()) {
      // Else it would look in vain for ever; who holds jobs learns of it as they end.
      session.requireWritable();
    }
    limit.held(held(holds, found));
    nextQueue = (nextQueue + found.size()) % cursors.size();
    return inTurn(found);
  }

  /** Takes jobs; where that fails, those that were found before are not to be held in vain. */
  private List<JobRow> takeOr(
      List<List<JobRow>> found,
      Session session,
      QueueCursor cursor,
      int share,
      Holds holds,
      long bytes) {
    try {
      // Outside of what could do with fewer jobs: these make no room for them.
      session.takeSpares();
      int wanted = Math.min(share, cursor.most());
      return take(session, cursor, wanted, holds, held(holds, found), Math.min(bytes, AT_ONCE));
    } catch (Throwable e) {
      List<JobKey> keys = found.stream().flatMap(List::stream).map(JobRow::key).toList();
      if (!keys.isEmpty()) {
        session.locks().release(keys.stream().map(JobKey::id).toList());
        keys.forEach(this::givenBack);
      }
      throw e;
    }
  }

  private static int held(Holds holds, List<List<JobRow>> found) {
    return holds.size() + found.stream().mapToInt(List::size).sum();
  }

  private List<JobRow> take(
      Session session, QueueCursor cursor, int wanted, Holds holds, int held, long bytes) {
    long now = System.nanoTime();
    JobKey behind = cursor.behind(now);
    try {
      Taken taken = session.locks().take(cursor.queue(), wanted, behind, holds.ids(), bytes);
      cursor.looked(now, behind, taken);
      if (!taken.rows().isEmpty()) {
        counters.takes.increment();
        counters.taken.add(taken.rows().size());
      }
      return taken.rows();
    } catch (UnreadableException e) {
      cursor.tooMany(e.jobs());
      log.atDebug()
          .addKeyValue("event", "look_too_large")
          .addKeyValue("queue", LogText.of(cursor.queue()))
          .setCause(e)
          .log("{} jobs could not be read: the next look is for fewer", e.jobs());
      return List.of();
    } catch (RuntimeException e) {
      if (!SqlStates.isLockTableFull(e) || !limit.shrink(held, wanted, e)) {
        throw e;
      }
      return List.of();
    }
  }

  /** One of each queue, then the next one of each. */
  private static List<JobRow> inTurn(List<List<JobRow>> found) {
    if (found.size() == 1) {
      return found.get(0);
    }
    List<JobRow> all = new ArrayList<>();
    int longest = found.stream().mapToInt(List::size).max().orElse(0);
    for (int i = 0; i < longest; i++) {
      for (List<JobRow> rows : found) {
        if (i < rows.size()) {
          all.add(rows.get(i));
        }
      }
    }
    return all;
  }

  /** How long nothing needs to be looked for, as far as is known now. */
  Duration pause(Holds holds) {
    if (isStopped() || holds.size() >= limit.get() || holds.bytes() >= HELD) {
      // There is no room, or no use: what changes that wakes the locker.
      return Timings.NO_LIMIT;
    }
    long now = System.nanoTime();
    return Duration.ofNanos(
        cursors.stream().mapToLong(cursor -> cursor.untilDue(now)).min().orElseThrow());
  }

  void heed(JobNotice notice) {
    long now = System.nanoTime();
    cursors.forEach(cursor -> cursor.heed(notice, now));
  }

  /** Hears that jobs were not started in time. */
  void stalled() {
    pace.stalled();
  }

  void givenBack(JobKey key) {
    long now = System.nanoTime();
    cursors.forEach(cursor -> cursor.givenBack(key, now));
  }

  void lost(JobKey key) {
    long now = System.nanoTime();
    cursors.forEach(cursor -> cursor.lost(key, now));
  }

  void reset() {
    long now = System.nanoTime();
    cursors.forEach(cursor -> cursor.reset(now));
  }

  /** How long ago a queue was last looked at from the start; the longest of all; null if never. */
  @Nullable Duration sinceSweep() {
    long now = System.nanoTime();
    Duration longest = null;
    for (QueueCursor cursor : cursors) {
      Long at = cursor.sweptAt();
      if (at != null && (longest == null || now - at > longest.toNanos())) {
        longest = Duration.ofNanos(now - at);
      }
    }
    return longest;
  }
}
