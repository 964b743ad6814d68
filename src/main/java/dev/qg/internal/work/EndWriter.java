package dev.qg.internal.work;

import dev.qg.internal.sql.Statements;
import dev.qg.internal.work.Ending.Failure;
import dev.qg.internal.work.HeldJob.End;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Writes the ends of many jobs in few statements, and those one by one that are refused so. Each
 * job is told of its end when that is committed, and then its lock is given back. What can't be
 * written is kept. For the finisher's thread.
 */
final class EndWriter {

  /** The most jobs that are ended by one statement. */
  private static final int BATCH = 1_000;

  private final Statements sql;
  private final Counters counters;

  /**
   * What is being written. A list, as it loses nothing where there is no memory to make it larger;
   * a deque would.
   */
  private final List<Ending> batch = new ArrayList<>(BATCH);

  private final RefusedEndings refused = new RefusedEndings();

  EndWriter(Statements sql, Counters counters) {
    this.sql = sql;
    this.counters = counters;
  }

  boolean isEmpty() {
    return batch.isEmpty() && refused.isEmpty();
  }

  /** How long there is nothing to be written of what it has. */
  Duration pause() {
    return batch.isEmpty() ? refused.pause() : Duration.ZERO;
  }

  /** Takes as much as is written at a time. */
  void fill(Queue<Ending> from) {
    refused.takeDue(batch::add);
    while (batch.size() < BATCH) {
      Ending next = from.poll();
      if (next == null) {
        return;
      }
      batch.add(next);
    }
  }

  /** Writes what it has; if that fails, it keeps the rest. */
  void write(Session session) {
    try {
      writeMany(session);
      forgetSettled();
      writeEach(session);
    } catch (Throwable t) {
      if (t instanceof Error) {
        // Maybe amid the answer to a statement.
        session.doubt();
      }
      forgetSettled();
      throw t;
    }
  }

  private void writeEach(Session session) {
    while (!batch.isEmpty()) {
      try {
        writeLast(session);
      } catch (Throwable t) {
        // So that the others come first the next time, where it is this one that can't be written.
        if (!batch.isEmpty()) {
          Collections.swap(batch, 0, batch.size() - 1);
        }
        throw t;
      }
    }
  }

  /** This needs no memory. */
  private void forgetSettled() {
    int kept = 0;
    for (int i = 0; i < batch.size(); i++) {
      Ending ending = batch.get(i);
      if (!ending.isSettled()) {
        batch.set(kept++, ending);
      }
    }
    while (batch.size() > kept) {
      batch.remove(batch.size() - 1);
    }
  }

  /** Gives the jobs back whose ends can't be written, also those that it was not given yet. */
  void giveBack(Queue<Ending> added) {
    batch.forEach(this::giveBack);
    refused.drain(this::giveBack);
    for (Ending ending = added.poll(); ending != null; ending = added.poll()) {
      giveBack(ending);
    }
  }

  private void giveBack(Ending ending) {
    ending.job().endedLater();
    counters.count(End.GIVEN_BACK);
  }

  private void writeMany(Session session) {
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
    }
  }

  private void writeTogether(Predicate<Ending> which, Function<List<Ending>, Set<Long>> statement) {
    // What was in vain together, as that took too long for the server, say, is tried one by one.
    List<Ending> some = batch.stream().filter(which).filter(Ending::isNew).toList();
    if (some.size() < 2) {
      return;
    }
    // One for each queue: where one of them fails, others may have been committed.
    some.forEach(Ending::send);
    Set<Long> hit = statement.apply(some);
    counters.endStatements.increment();
    counters.endedByThem.add(hit.size());
    for (Ending ending : some) {
      if (hit.contains(ending.key().id())) {
        settle(ending, true);
      } else {
        // It is lost, or its end is suppressed: by itself, that can be told.
        ending.refuse();
      }
    }
  }

  private void writeLast(Session session) {
    int last = batch.size() - 1;
    Ending ending = batch.get(last);
    boolean hit;
    try {
      ending.send();
      hit = write(session, ending);
    } catch (RuntimeException e) {
      if (SqlStates.isAnswer(e) || e instanceof SuppressedException) {
        ending.refuse();
      }
      requireAnswer(session, e);
      refused.add(ending);
      batch.remove(last);
      refused.tell(ending, e);
      return;
    }
    counters.endStatements.increment();
    counters.endedByThem.increment();
    settle(ending, hit);
    batch.remove(last);
  }

  private boolean write(Session session, Ending ending) {
    Connection connection = session.connection();
    Failure failure = ending.failure();
    if (failure == null) {
      boolean hit = sql.deleteJob().execute(connection, ending.key());
      if (!hit) {
        SuppressedException.requireLost(connection, sql, ending.job().row());
      }
      return hit;
    }
    OwnTransaction transaction = new OwnTransaction(connection);
    try {
      boolean hit = new Failures(sql).record(ending.job().row(), transaction, failure);
      transaction.commit();
      return hit;
    } catch (RuntimeException e) {
      transaction.rollbackAfter(e);
      if (transaction.isOpen()) {
        // What came next on that session would not be committed.
        session.abort();
      }
      throw e;
    }
  }

  /**
   * Tells a job that was refused from a server that refuses everything, or doesn't answer. What is
   * refused may be so by what a handler has set on the connection before.
   */
  private static void requireAnswer(Session session, RuntimeException e) {
    if (e instanceof SuppressedException && !session.isEnded()) {
      return;
    }
    if (SqlStates.isLocked(e) && !session.isEnded()) {
      // Others may have locked many rows: each can't be waited for.
      session.settings().toWriteWhatIsFree();
      return;
    }
    session.doubt();
    if (SqlStates.isOfServer(e) || session.isEnded()) {
      throw e;
    }
    session.requireAnswer();
  }

  /** Tells a job of its end, which is written: whatever fails now is no failure to write. */
  private void settle(Ending ending, boolean hit) {
    // The row was gone, but by our own statement, if nobody else could have the job meanwhile.
    boolean ours = hit || (ending.isUncertain() && !ending.job().isLost());
    ending.settle();
    try {
      refused.settled(ending);
      if (!ours) {
        ending.job().lose();
      }
      ending.report().accept(!ours ? End.LOST : ending.failure() == null ? End.WORKED : End.FAILED);
    } catch (Throwable t) {
      // Of a logger, say: the others are to be told and given back all the same.
      Run.untold(ending.job(), t);
    } finally {
      ending.job().endedLater();
    }
  }
}
