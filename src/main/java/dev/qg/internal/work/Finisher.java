package dev.qg.internal.work;

import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Ending.Failure;
import dev.qg.internal.work.HeldJob.End;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Writes the ends of many jobs in few statements: all deletions in one, all retries in another.
 * Each commits by itself, and only then the jobs' locks are given back. What can't be written is
 * kept and tried again with growing pauses: all of it while the database is away, one by one where
 * it is single jobs that the database refuses. Endings are added by many threads; the rest is for
 * one of its own.
 */
final class Finisher implements Runnable {

  /** The most jobs that are ended by one statement. */
  private static final int BATCH = 1_000;

  private final Connections connections;
  private final Statements sql;
  private final Runnable written;
  private final Stoppage stoppage;
  private final Waiter waiter = new Waiter();
  private final Queue<Ending> added = new ConcurrentLinkedQueue<>();

  /** What is being written. */
  private final ArrayDeque<Ending> batch = new ArrayDeque<>(BATCH);

  /** Those whose statement may have been committed when the connection broke. */
  private final Set<Ending> uncertain = Collections.newSetFromMap(new IdentityHashMap<>());

  private final RefusedEndings refused = new RefusedEndings();
  private final Outage outage = new Outage("worker", "Can't write how jobs ended");

  /** When the database is tried again after it was away. */
  private long notBefore = System.nanoTime();

  /** What it writes on, for who ends it. */
  private volatile @Nullable Session current;

  /** Set once, when nothing more will be added, and read by the loop when it has written all. */
  private volatile boolean stopping;

  /** Set once, when there is no time left for what can't be written. */
  private volatile boolean givingUp;

  private final Counters counters;

  /**
   * @param written called when ends were committed and locks given back
   */
  Finisher(
      Connections connections,
      Statements sql,
      Runnable written,
      Stoppage stoppage,
      Counters counters) {
    this.connections = connections;
    this.sql = sql;
    this.written = written;
    this.stoppage = stoppage;
    this.counters = counters;
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
    Session session = current;
    if (session != null) {
      session.abort();
    }
  }

  @Override
  public void run() {
    while (!givingUp && !(stopping && isEmpty())) {
      try {
        Duration pause = pause();
        if (pause.isZero()) {
          writeAll();
        } else {
          waiter.awaitQuietly(pause);
        }
      } catch (Throwable t) {
        // Such as that there is no memory left to say what failed: it goes on once there is.
        waiter.awaitQuietly(Outage.FIRST_PAUSE);
      }
    }
    fill(Integer.MAX_VALUE);
    batch.addAll(refused.drain());
    batch.forEach(ending -> ending.job().endedLater());
    written.run();
  }

  private boolean isEmpty() {
    return added.isEmpty() && batch.isEmpty() && refused.isEmpty();
  }

  /** How long there is nothing to be done. */
  private Duration pause() {
    long untilReachable = notBefore - System.nanoTime();
    if (untilReachable > 0 && !stoppage.isRoomMade()) {
      return Duration.ofNanos(untilReachable);
    }
    return added.isEmpty() && batch.isEmpty() ? refused.pause() : Duration.ZERO;
  }

  private void writeAll() {
    try (Session session = Session.openToWrite(connections, sql)) {
      current = session;
      if (givingUp) {
        return;
      }
      writeAll(session);
      stoppage.over();
      outage.over();
    } catch (Throwable t) {
      uncertain.addAll(batch);
      // What is left will be tried again, which ends it; nothing else would.
      if (!isEmpty()) {
        stoppage.failed(t);
      }
      notBefore = System.nanoTime() + outage.failed(t).toNanos();
    } finally {
      current = null;
    }
  }

  private void writeAll(Session session) {
    try {
      do {
        refused.takeDue(batch::add);
        fill(BATCH);
        write(session);
        written.run();
      } while (!added.isEmpty() && !givingUp);
    } catch (Error e) {
      // Maybe amid the answer to a statement.
      session.doubt();
      throw e;
    }
  }

  private void fill(int most) {
    while (batch.size() < most) {
      Ending next = added.poll();
      if (next == null) {
        return;
      }
      batch.add(next);
    }
  }

  private void write(Session session) {
    Connection connection = session.connection();
    try {
      writeTogether(
          ending -> ending.failure() == null,
          deletions ->
              sql.deleteJobs()
                  .execute(
                      connection, deletions.stream().map(ending -> ending.job().row()).toList()));
      writeTogether(
          ending -> ending.failure() != null && ending.failure().delay() != null,
          retries ->
              sql.scheduleRetries()
                  .execute(connection, retries.stream().map(Ending::retry).toList()));
    } catch (RuntimeException e) {
      requireAnswer(session, e);
      // Of several statements, one may have been committed.
      uncertain.addAll(batch);
    }
    while (!batch.isEmpty()) {
      writeFirst(session);
    }
  }

  private void writeTogether(Predicate<Ending> which, Function<List<Ending>, Set<Long>> statement) {
    // What was in vain together, as that took too long for the server, say, is tried one by one.
    Predicate<Ending> fresh = which.and(ending -> !uncertain.contains(ending));
    List<Ending> some = batch.stream().filter(fresh).toList();
    if (some.size() < 2) {
      return;
    }
    Set<Long> hit = statement.apply(some);
    batch.removeIf(fresh);
    counters.endStatements.increment();
    counters.endedByThem.add(some.size());
    Throwable failure = null;
    for (Ending ending : some) {
      try {
        settle(ending, hit.contains(ending.key().id()));
      } catch (Throwable t) {
        // Of a logger, say: the others are to be told and given back all the same.
        failure = t;
      }
    }
    if (failure != null) {
      throw new IllegalStateException("Not all was told of jobs that have ended", failure);
    }
  }

  private void writeFirst(Session session) {
    Connection connection = session.connection();
    Ending ending = batch.getFirst();
    boolean hit;
    try {
      hit = write(connection, ending);
    } catch (RuntimeException e) {
      requireAnswer(session, e);
      refused.add(ending);
      batch.removeFirst();
      refused.tell(ending, e);
      return;
    }
    batch.removeFirst();
    counters.endStatements.increment();
    counters.endedByThem.increment();
    settle(ending, hit);
  }

  private boolean write(Connection connection, Ending ending) {
    Failure failure = ending.failure();
    if (failure == null) {
      return sql.deleteJob().execute(connection, ending.key());
    }
    OwnTransaction transaction = new OwnTransaction(connection);
    try {
      boolean hit = new Failures(sql).record(ending.job().row(), transaction, failure);
      transaction.commit();
      return hit;
    } catch (RuntimeException e) {
      transaction.rollbackAfter(e);
      throw e;
    }
  }

  /**
   * Tells a job that was refused from a server that refuses everything, or doesn't answer. What is
   * refused may be so by what a handler has set on the connection before.
   */
  private static void requireAnswer(Session session, RuntimeException e) {
    if (SqlStates.isLocked(e)) {
      // Others may have locked many rows: each can't be waited for.
      session.writeWhatIsFree();
      return;
    }
    session.doubt();
    if (SqlStates.isOfServer(e) || session.isEnded()) {
      throw e;
    }
    session.requireAnswer();
  }

  private void settle(Ending ending, boolean hit) {
    boolean known = uncertain.remove(ending);
    // The row was gone, but by our own statement, if nobody else could have the job meanwhile.
    boolean ours = hit || (known && !ending.job().isLost());
    try {
      refused.settled(ending);
      if (!ours) {
        ending.job().lose();
      }
      ending.report().accept(!ours ? End.LOST : ending.failure() == null ? End.WORKED : End.FAILED);
    } finally {
      ending.job().endedLater();
    }
  }
}
