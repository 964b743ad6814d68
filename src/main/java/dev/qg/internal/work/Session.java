package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A database session that holds the advisory locks of jobs. A session that can't be given back
 * clean is ended, so that the server frees its locks. For one thread at a time, but for {@link
 * #abort}.
 */
final class Session implements AutoCloseable {

  /** As often as qg: more would hide that something is wrong. */
  private static final int ATTEMPTS = 10;

  private static final int SECONDS_TO_ANSWER = 10;

  private static final Logger log = LoggerFactory.getLogger(Session.class);

  private final Connections.Borrowed borrowed;
  private final Statements sql;

  /** The ids whose locks it holds. */
  private final Set<Long> held = new HashSet<>();

  /**
   * Set by who ends it, from any thread: a pool's connection needn't know that it was ended until
   * it is used again.
   */
  private volatile boolean ended;

  private final SessionSettings settings;

  private Session(Connections.Borrowed borrowed, Statements sql) {
    this.borrowed = borrowed;
    this.sql = sql;
    this.settings = new SessionSettings(borrowed.connection(), sql);
  }

  static Session open(Connections connections, Statements sql) {
    return new Session(connections.borrow(), sql);
  }

  /**
   * Opens one for short statements: a server that doesn't answer is noticed, and what others have
   * locked is not waited for long.
   */
  static Session openToWrite(Connections connections, Statements sql) {
    return open(connections, sql, SessionSettings::toWrite);
  }

  /**
   * Opens one that is kept for long: each side notices within seconds when the other one is gone.
   */
  static Session openToHold(Connections connections, Statements sql) {
    return open(connections, sql, SessionSettings::toHold);
  }

  private static Session open(
      Connections connections, Statements sql, Consumer<SessionSettings> use) {
    Session session = open(connections, sql);
    try {
      use.accept(session.settings);
      return session;
    } catch (Throwable e) {
      session.abort();
      try (session) {
        throw e;
      }
    }
  }

  Connection connection() {
    return borrowed.connection();
  }

  /** From now on, one to write on hardly waits for what others have locked. */
  void writeWhatIsFree() {
    settings.toWriteWhatIsFree();
  }

  /**
   * What came of a look for jobs.
   *
   * @param locked the keys of all locks that were taken, in the order of work
   * @param rows the jobs among them that are still there, and held now
   */
  record Taken(List<JobKey> locked, List<JobRow> rows) {}

  /**
   * Locks the most urgent due job of the queue.
   *
   * @param behind where to begin, or null for the start
   * @throws ContentionException if each of ten attempts found only jobs that others did meanwhile
   */
  Optional<JobRow> lockOne(String queue, @Nullable JobKey behind) {
    for (int i = 0; i < ATTEMPTS; i++) {
      Taken taken =
          lockAndLookAgain(queue, () -> sql.lockJob().execute(connection(), queue, behind));
      if (taken.locked.isEmpty()) {
        return Optional.empty();
      }
      if (!taken.rows.isEmpty()) {
        return Optional.of(taken.rows.get(0));
      }
    }
    throw new ContentionException(queue, ATTEMPTS);
  }

  /**
   * Locks the most urgent due jobs of the queue, looks again which of them are still there, and
   * lets go of the others. If that fails, nothing is held that was not held before.
   *
   * @param behind where to begin, or null for the start
   * @param except ids to leave out: those held, where the query could meet them again
   */
  Taken take(String queue, int limit, @Nullable JobKey behind, Collection<Long> except) {
    return lockAndLookAgain(
        queue, () -> sql.lockJobs().execute(connection(), queue, limit, except, behind));
  }

  private Taken lockAndLookAgain(String queue, Supplier<List<JobKey>> lock) {
    try {
      List<JobKey> locked = lock.get();
      if (locked.isEmpty()) {
        return new Taken(locked, List.of());
      }
      List<Long> surplus = new ArrayList<>();
      List<JobKey> news = new ArrayList<>(locked.size());
      for (JobKey key : locked) {
        // Locks stack: one that is held has been taken twice, as its row got another key meanwhile.
        if (held.contains(key.id())) {
          surplus.add(key.id());
        } else {
          news.add(key);
        }
      }
      List<JobRow> rows =
          news.isEmpty() ? List.of() : sql.rereadJobs().execute(connection(), queue, news);
      Set<Long> there = new HashSet<>(rows.size() * 2);
      rows.forEach(row -> there.add(row.key().id()));
      news.stream().map(JobKey::id).filter(id -> !there.contains(id)).forEach(surplus::add);
      if (!surplus.isEmpty()) {
        sql.unlockJobs().execute(connection(), surplus);
      }
      held.addAll(there);
      return new Taken(locked, rows);
    } catch (Throwable e) {
      releaseStrays(e);
      throw e;
    }
  }

  /**
   * Releases the locks that a failed statement has taken: it doesn't tell which, and no rollback
   * releases those of a session.
   */
  private void releaseStrays(Throwable failure) {
    try {
      Set<Long> strays = new HashSet<>(sql.selectOwnLocks().execute(connection()));
      strays.removeAll(held);
      if (!strays.isEmpty()) {
        sql.unlockJobs().execute(connection(), strays);
      }
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
      abort();
    }
  }

  /** Takes spare locks, if it doesn't hold them: room in the server's lock table. */
  void takeSpares() {
    settings.takeSpares();
  }

  /**
   * Gives the spare locks up, so that anybody has that room.
   *
   * @return false if it holds none
   */
  boolean giveUpSpares() {
    return settings.giveUpSpares();
  }

  /** Makes a row that was locked here a job to be worked, whose end releases the lock. */
  HeldJob hold(JobRow row, JobPolicy policy) {
    return hold(row, policy, false, job -> {});
  }

  /** The same for a holder who works by hand, with something that happens after the release. */
  HeldJob holdByHand(JobRow row, JobPolicy policy, Consumer<HeldJob> afterwards) {
    return hold(row, policy, true, afterwards);
  }

  private HeldJob hold(JobRow row, JobPolicy policy, boolean byHand, Consumer<HeldJob> afterwards) {
    OwnTransaction transaction = new OwnTransaction(connection());
    Consumer<HeldJob> release =
        job -> {
          // What couldn't be undone must not be committed by the unlock.
          if (transaction.isOpen()) {
            abort();
          } else {
            unlock(List.of(row.key().id()));
          }
        };
    return new HeldJob(row, sql, policy, transaction, byHand, null, release.andThen(afterwards));
  }

  /** Gives up the locks of jobs; what was done to them must be committed. */
  void unlock(Collection<Long> ids) {
    ids.forEach(held::remove);
    List<Long> missing;
    try {
      missing = sql.unlockJobs().execute(connection(), ids);
    } catch (DataAccessException e) {
      log.atWarn()
          .addKeyValue("event", "unlock_failed")
          .addKeyValue("job_id", ids)
          .setCause(e)
          .log("The lock of job {} could not be released: its session is ended", ids);
      abort();
      return;
    }
    if (!missing.isEmpty()) {
      log.atWarn()
          .addKeyValue("event", "lock_missing")
          .addKeyValue("job_id", missing)
          .log(
              "The lock of job {} was gone before it was released: something else on its session"
                  + " has released it",
              missing);
    }
  }

  /** Fails if the server doesn't answer on the session. */
  void requireAnswer() {
    try {
      if (!connection().isValid(SECONDS_TO_ANSWER)) {
        abort();
        throw new DataAccessException("The session that holds the locks doesn't answer");
      }
    } catch (SQLException e) {
      throw new DataAccessException("Can't ask whether the session still answers", e);
    }
  }

  boolean isEnded() {
    try {
      return ended || connection().isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  /** Ends the session on the server, with its transaction and its locks; from any thread. */
  void abort() {
    ended = true;
    try {
      connection().abort(Runnable::run);
    } catch (SQLException e) {
      log.atWarn()
          .addKeyValue("event", "abort_failed")
          .setCause(e)
          .log("A session could not be ended");
    }
  }

  /** Gives the connection back, which must hold no lock of ours any more. */
  @Override
  public void close() {
    if (!held.isEmpty()) {
      abort();
    }
    if (!isEnded() && !settings.restore()) {
      abort();
    }
    borrowed.close();
  }
}
