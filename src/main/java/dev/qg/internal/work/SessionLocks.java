package dev.qg.internal.work;

import dev.qg.internal.sql.FinishJob;
import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LockJob;
import dev.qg.internal.sql.OneTrip;
import dev.qg.internal.sql.RereadJobs;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The advisory locks of jobs that a session holds: how they are taken, each with a second look at
 * its job, and given up. For one thread at a time.
 */
final class SessionLocks {

  /** As often as qg: more would hide that something is wrong. */
  private static final int ATTEMPTS = 10;

  /** How often a single job is read before it is to blame for what may be others' doing. */
  private static final int READS = 3;

  /** By the session's name, which is what the events are about. */
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /**
   * What came of a look for jobs.
   *
   * @param locked the keys of all locks that were taken, in the order of work, up to the last job
   *     that there was room for
   * @param rows the jobs among them that are still there, and held now
   * @param isCut whether more were locked than that
   */
  record Taken(List<JobKey> locked, List<JobRow> rows, boolean isCut) {}

  private final Connection connection;
  private final Statements sql;
  private final Runnable endSession;
  private final Runnable lockMissing;

  /** Whether what is done for one job may be sent together. */
  private final boolean inOneTrip;

  /** The ids of the jobs. */
  private final Set<Long> held = new HashSet<>();

  /**
   * @param endSession ends the session, and all its locks with it
   * @param lockMissing hears that a lock was gone before it was released
   */
  SessionLocks(Connection connection, Statements sql, Runnable endSession, Runnable lockMissing) {
    this.connection = connection;
    this.sql = sql;
    this.endSession = endSession;
    this.lockMissing = lockMissing;
    this.inOneTrip = OneTrip.isFor(connection);
  }

  boolean areEmpty() {
    return held.isEmpty();
  }

  /**
   * Locks the most urgent due job of the queue. The session must hold none of that queue.
   *
   * @param behind where to begin, or null for the start
   * @throws ContentionException if each of ten attempts found only jobs that others did meanwhile
   */
  Optional<JobRow> takeOne(String queue, @Nullable JobKey behind) {
    JobKey from = behind;
    for (int i = 0; i < ATTEMPTS; i++) {
      JobKey start = from;
      Taken taken = leavingNoStrays(() -> tryOne(queue, start));
      if (!taken.rows.isEmpty()) {
        return Optional.of(taken.rows.get(0));
      }
      if (taken.locked.isEmpty() && Objects.equals(start, behind)) {
        return Optional.empty();
      }
      // What comes before a job that was done meanwhile is done, too, or others have it: the longer
      // a query walks over that, the more is done until it comes to the next. But it may be given
      // back by now.
      from = taken.locked.isEmpty() ? behind : taken.locked.get(0);
    }
    throw new ContentionException(queue, ATTEMPTS);
  }

  private Taken tryOne(String queue, @Nullable JobKey behind) {
    Optional<LockJob.Locked> locked = inOneTrip ? lockInOneTrip(queue, behind) : Optional.empty();
    if (locked.isEmpty()) {
      // There may be one of another priority, or behind a thousand that others have locked.
      return lookAgain(queue, sql.lockJobs().execute(connection, queue, 1, List.of(), behind), 1);
    }
    List<JobKey> keys = List.of(locked.get().key());
    JobRow row = locked.get().row();
    if (row == null) {
      return lookAgain(queue, keys, 1);
    }
    held.add(row.key().id());
    return new Taken(keys, List.of(row), false);
  }

  private Optional<LockJob.Locked> lockInOneTrip(String queue, @Nullable JobKey behind) {
    try {
      return sql.lockJob().execute(connection, queue, behind);
    } catch (Throwable t) {
      if (!SqlStates.isOfWhatWasRead(t)) {
        throw t;
      }
      // Sent one by one, the statements tell which job it is.
      releaseStrays(t);
      return Optional.empty();
    }
  }

  /**
   * Locks the most urgent due jobs of the queue, looks again which of them are still there, and
   * lets go of the others, and of those that there is no room for. If that fails, nothing is held
   * that was not held before. A single job that can't be read is held all the same, to be failed.
   *
   * @param behind where to begin, or null for the start
   * @param except ids to leave out: those held, where the query could meet them again
   * @param room for how many bytes of args, though never for less than one job
   * @throws UnreadableException if several jobs can't be read together
   */
  Taken take(String queue, int limit, @Nullable JobKey behind, Collection<Long> except, long room) {
    return leavingNoStrays(
        () ->
            lookAgain(
                queue, sql.lockJobs().execute(connection, queue, limit, except, behind), room));
  }

  private Taken lookAgain(String queue, List<JobKey> locked, long room) {
    if (locked.isEmpty()) {
      return new Taken(locked, List.of(), false);
    }
    List<Long> surplus = new ArrayList<>();
    List<JobKey> news = new ArrayList<>(locked.size());
    Set<Long> ids = new HashSet<>(locked.size() * 2);
    for (JobKey key : locked) {
      // Locks stack: one that is held has been taken twice, as its row got another key meanwhile,
      // or as there are two rows with that id, of which the other one must wait.
      if (held.contains(key.id()) || !ids.add(key.id())) {
        surplus.add(key.id());
      } else {
        news.add(key);
      }
    }
    RereadJobs.Found found =
        news.isEmpty() ? new RereadJobs.Found(List.of(), false) : read(queue, news, room);
    List<JobRow> rows = found.rows();
    Set<Long> there = new HashSet<>(rows.size() * 2);
    rows.forEach(row -> there.add(row.key().id()));
    news.stream().map(JobKey::id).filter(id -> !there.contains(id)).forEach(surplus::add);
    if (!surplus.isEmpty()) {
      sql.unlockJobs().execute(connection, surplus);
    }
    held.addAll(there);
    if (!found.isCut()) {
      return new Taken(locked, rows, false);
    }
    // What comes behind may be there, and is to be found by the next look.
    int seen = locked.indexOf(rows.get(rows.size() - 1).key()) + 1;
    return new Taken(locked.subList(0, seen), rows, true);
  }

  private RereadJobs.Found read(String queue, List<JobKey> keys, long room) {
    for (int i = 1; ; i++) {
      try {
        return sql.rereadJobs().execute(connection, queue, keys, room);
      } catch (Throwable t) {
        if (!SqlStates.isOfWhatWasRead(t)) {
          throw t;
        }
        if (keys.size() > 1) {
          throw new UnreadableException(keys.size(), t);
        }
        if (i == READS || !SqlStates.mayPass(t)) {
          Optional<JobRow> head = sql.readJobHead().execute(connection, keys.get(0), t);
          return new RereadJobs.Found(head.stream().toList(), false);
        }
        NoMemory.pause();
      }
    }
  }

  private Taken leavingNoStrays(Supplier<Taken> take) {
    try {
      return take.get();
    } catch (Throwable e) {
      releaseStrays(e);
      throw e;
    }
  }

  /**
   * Releases the locks that a failed statement has taken: it doesn't tell which, nor how often, and
   * no rollback releases those of a session.
   */
  private void releaseStrays(Throwable failure) {
    try {
      Set<Long> kept = new HashSet<>(held);
      for (Set<Long> strays = strays(kept); !strays.isEmpty(); strays = strays(kept)) {
        // What isn't released so is a shared lock, of a handler that had the session before.
        kept.addAll(sql.unlockJobs().execute(connection, strays));
      }
    } catch (Throwable e) {
      endSession.run();
      // The error of a heap that is full may be the same one.
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }

  private Set<Long> strays(Set<Long> kept) {
    Set<Long> strays = new HashSet<>(sql.selectOwnLocks().execute(connection));
    strays.removeAll(kept);
    return strays;
  }

  /** Gives up the locks of jobs; what was done to them must be committed. */
  void release(Collection<Long> ids) {
    try {
      List<Long> missing = sql.unlockJobs().execute(connection, ids);
      ids.forEach(held::remove);
      if (!missing.isEmpty()) {
        missing(missing);
      }
    } catch (Throwable t) {
      // Before anything that could fail as well, where there is no memory.
      endSession.run();
      log.atWarn()
          .addKeyValue("event", "unlock_failed")
          .addKeyValue("job_id", ids)
          .setCause(t)
          .log("The lock of job {} could not be released: its session is ended", ids);
    }
  }

  /** The same for one job, unless it was given up as the job was finished. */
  void release(Long id) {
    if (held.contains(id)) {
      release(List.of(id));
    }
  }

  /** How a job is deleted while no transaction is open; null if there is no special way. */
  @Nullable Predicate<JobKey> deletion() {
    return inOneTrip ? this::finish : null;
  }

  /**
   * Deletes a job, and gives up its lock when that is committed. The session must have no
   * transaction open. If it fails, the lock is still to be given up.
   *
   * @return false if the job was lost
   */
  private boolean finish(JobKey key) {
    FinishJob.Finished finished = sql.finishJob().execute(connection, key);
    held.remove(key.id());
    if (!finished.released()) {
      missing(List.of(key.id()));
    }
    return finished.deleted();
  }

  private void missing(List<Long> ids) {
    log.atWarn()
        .addKeyValue("event", "lock_missing")
        .addKeyValue("job_id", ids)
        .log(
            "The lock of job {} was gone before it was released: something else on its session"
                + " has released it, or the session was changed by a pooler in transaction mode",
            ids);
    lockMissing.run();
  }
}
