package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.work.Buffer.Level;
import dev.qg.internal.work.SessionLocks.Taken;
import dev.qg.internal.work.Turns.Standing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
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
  private final int threads;
  private final LockLimit limit;
  private final Stoppage stoppage;
  private final Counters counters;

  Taker(
      List<String> queues,
      Duration interval,
      int threads,
      LockLimit limit,
      Stoppage stoppage,
      Counters counters) {
    long now = System.nanoTime();
    this.cursors = queues.stream().map(queue -> new QueueCursor(queue, interval, now)).toList();
    this.threads = threads;
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
      limit.shrinkTo(Math.max(threads, holds.size() / 2), cause);
      stoppage.roomMade();
    }
  }

  /** A queue to look at, if more of its jobs are wanted. */
  private record Look(QueueCursor cursor, Standing standing) {}

  /** Takes jobs, if there is room for enough of them: of those queues first whose turn is next. */
  List<JobRow> take(Session session, Buffer buffer, Holds holds) {
    if (isStopped()) {
      return List.of();
    }
    int most = limit.get();
    Level level = buffer.level();
    List<Look> looks = looks(buffer, most);
    int near = (int) looks.stream().filter(look -> isNear(look.standing)).count();
    boolean prefetches = looks.stream().anyMatch(look -> look.standing.ahead() > 0);
    int room = most - holds.size();
    long bytes = HELD - holds.bytes();
    int idle = level.idle();
    List<List<JobRow>> found = new ArrayList<>();
    for (int i = 0; i < looks.size() && room > 0 && bytes > 0; i++) {
      Standing standing = looks.get(i).standing;
      int others = level.waiting() - standing.waiting();
      int sharing = Math.max(1, near - i);
      int share = (Math.max(0, idle - others) + sharing - 1) / sharing;
      int wanted = Math.min(room, wanted(standing, share, prefetches || others > 0));
      if (wanted > 0) {
        QueueCursor cursor = looks.get(i).cursor;
        List<JobRow> rows = takeOr(found, session, buffer, cursor, wanted, holds, bytes);
        found.add(rows);
        bytes -= rows.stream().mapToLong(JobRow::size).sum();
        room -= rows.size();
        idle -= rows.size();
      }
    }
    if (!found.isEmpty() && found.stream().allMatch(List::isEmpty) && holds.areEmpty()) {
      // Else it would look in vain for ever; who holds jobs learns of it as they end.
      session.requireWritable();
    }
    limit.held(held(holds, found));
    return found.stream().flatMap(List::stream).toList();
  }

  private List<Look> looks(Buffer buffer, int most) {
    long now = System.nanoTime();
    return cursors.stream()
        .filter(cursor -> cursor.isDue(now))
        .map(cursor -> new Look(cursor, buffer.standing(cursor.queue(), most)))
        .sorted(Comparator.comparingLong(look -> look.standing.lead()))
        .toList();
  }

  /** Whether the turn of a queue can come within the time for which jobs are prefetched. */
  private boolean isNear(Standing queue) {
    return queue.lead() <= threads * Timings.PREFETCH.toNanos();
  }

  /**
   * How many jobs to look for: none while enough wait, since fewer and larger chunks are cheaper.
   *
   * @param idle how many threads wait for jobs of this queue
   * @param otherwise whether a free thread would have jobs of other queues to start
   */
  private int wanted(Standing queue, int idle, boolean otherwise) {
    boolean choice = otherwise && cursors.size() > 1 && isNear(queue);
    int target = Math.max(queue.ahead(), choice ? 1 : 0) + idle;
    return queue.waiting() > target / 2 ? 0 : target - queue.waiting();
  }

  /** Takes jobs; where that fails, those that were found before are not to be held in vain. */
  private List<JobRow> takeOr(
      List<List<JobRow>> found,
      Session session,
      Buffer buffer,
      QueueCursor cursor,
      int share,
      Holds holds,
      long bytes) {
    try {
      // Outside of what could do with fewer jobs: these make no room for them.
      session.takeSpares();
      int wanted = Math.min(share, cursor.most());
      Taken taken =
          take(session, cursor, wanted, holds, held(holds, found), Math.min(bytes, AT_ONCE));
      if (taken == null) {
        return List.of();
      }
      buffer.looked(cursor.queue(), taken.locked().size() < wanted && !taken.isCut());
      return taken.rows();
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

  /** Null where nothing was taken for a reason that says nothing of the queue. */
  private @Nullable Taken take(
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
      return taken;
    } catch (UnreadableException e) {
      cursor.tooMany(e.jobs());
      log.atDebug()
          .addKeyValue("event", "look_too_large")
          .addKeyValue("queue", LogText.of(cursor.queue()))
          .setCause(e)
          .log("{} jobs could not be read: the next look is for fewer", e.jobs());
      return null;
    } catch (RuntimeException e) {
      if (!SqlStates.isLockTableFull(e) || !limit.shrink(held, wanted, e)) {
        throw e;
      }
      return null;
    }
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
