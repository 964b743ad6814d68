package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.Statements;
import java.sql.Connection;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;

/**
 * A job whose lock is held, from then until it is done: its transaction, and how it ends. Whoever
 * holds it works on it, and another thread may {@link #revoke} it at any time.
 */
public final class HeldJob implements AutoCloseable {

  /** How the work on a job has ended. */
  enum End {
    WORKED,
    FAILED,
    LOST
  }

  private enum State {
    /** Nothing has been decided. */
    HELD,
    /** A hook of its end runs, which may use the transaction and must not end the job itself. */
    ENDING,
    /** Its row is deleted: for good, or in the transaction that is open. */
    DELETED,
    /** Its failure is recorded and committed. */
    FAILED,
    /** Its row was not there any more when it was to end: another worker has had it. */
    LOST,
    /** The lock is given back. */
    DONE
  }

  private final JobRow row;
  private final Statements sql;
  private final JobPolicy policy;
  private final Failures failures;
  private final JobTransaction transaction;
  private final Consumer<HeldJob> release;
  private final Connection connection;

  /** Against a client's close, which ends a job while its holder is about to do so. */
  private final ReentrantLock guard = new ReentrantLock();

  private State state = State.HELD;
  private @Nullable DSLContext tx;

  /**
   * @param byHand whether its holder may commit and roll back its transaction
   * @param release gives the lock back; called once, after everything has been committed or undone
   */
  HeldJob(
      JobRow row,
      Statements sql,
      JobPolicy policy,
      JobTransaction transaction,
      boolean byHand,
      Consumer<HeldJob> release) {
    this.row = row;
    this.sql = sql;
    this.policy = policy;
    this.failures = new Failures(sql, policy);
    this.transaction = transaction;
    this.release = release;
    this.connection = JobConnection.of(this, byHand);
  }

  public JobRow row() {
    return row;
  }

  /** The connection of the job's transaction, which this begins; to close it does nothing. */
  public Connection connection() {
    begin();
    return connection;
  }

  /** Begins the job's transaction, if there is still to be one. */
  Connection begin() {
    return guarded(
        () -> {
          require("use the transaction of", State.HELD, State.ENDING, State.DELETED);
          if (state == State.DELETED && !transaction.isOpen()) {
            throw new IllegalStateException(
                this + " is deleted and committed: its transaction must begin before the deletion");
          }
          return transaction.begin();
        });
  }

  /** The job's transaction, which this begins. */
  public DSLContext tx() {
    return guarded(
        () -> {
          Connection raw = begin();
          if (tx == null) {
            tx =
                DSL.using(
                    policy
                        .configuration()
                        .derive(new JobConnections(this))
                        .derive(new NestedTransactions(raw, this::mark)));
          }
          return tx;
        });
  }

  /** What takes a deletion back that is part of the nested transaction which begins now. */
  private Runnable mark() {
    State before = state;
    return () -> {
      if (state == State.DELETED) {
        state = before;
      }
    };
  }

  /**
   * Deletes the job: in its transaction if that has begun, else by itself. Again is harmless.
   *
   * @return false if the job was lost, in which case its transaction is undone
   */
  public boolean delete() {
    return guarded(
        () -> {
          if (state == State.DELETED) {
            return true;
          }
          require("delete", State.HELD);
          ending(() -> policy.onComplete(this));
          return fenced(
              sql.deleteJob().execute(transaction.connection(), row.key()), State.DELETED);
        });
  }

  /** Deletes the job and commits, unless it has ended already; tells how it ended. */
  End complete() {
    return guarded(
        () -> {
          if (state == State.HELD) {
            delete();
          } else if (state == State.DELETED) {
            transaction.requireSound();
          }
          if (state == State.DELETED) {
            transaction.commit();
          }
          return switch (state) {
            case DELETED -> End.WORKED;
            case FAILED -> End.FAILED;
            default -> End.LOST;
          };
        });
  }

  /**
   * Undoes the job's transaction and records a failure: the job waits for its retry, or is moved to
   * the dead ones. Again is harmless: the first failure counts.
   *
   * @return false if the job was lost
   */
  public boolean fail(@Nullable Throwable cause, String message) {
    return guarded(
        () -> {
          if (state == State.FAILED || state == State.LOST) {
            return state == State.FAILED;
          }
          require("record a failure of", State.HELD, State.DELETED);
          transaction.rollback();
          state = State.HELD;
          String text = message;
          try {
            ending(() -> policy.onFailure(this, cause, message));
            transaction.requireSound();
          } catch (Throwable e) {
            transaction.rollback();
            text = ErrorText.both(message, e);
          }
          boolean hit = failures.record(row, transaction, ErrorText.storable(text));
          if (hit) {
            transaction.commit();
          }
          return fenced(hit, State.FAILED);
        });
  }

  /** The same, with the text of an error. */
  public boolean fail(Throwable error) {
    return fail(error, ErrorText.of(error));
  }

  private boolean fenced(boolean hit, State next) {
    state = hit ? next : State.LOST;
    if (!hit) {
      transaction.rollback();
    }
    return hit;
  }

  /**
   * Gives the lock back, after committing the transaction if the job was deleted in it and undoing
   * it otherwise. Again is harmless.
   */
  public void done() {
    guarded(
        () -> {
          if (state == State.DONE) {
            return false;
          }
          boolean commit = state == State.DELETED;
          state = State.DONE;
          try {
            if (commit) {
              transaction.requireSound();
              transaction.commit();
            } else {
              transaction.rollback();
            }
          } catch (Throwable t) {
            transaction.rollbackAfter(t);
            throw t;
          } finally {
            release.accept(this);
          }
          return true;
        });
  }

  /**
   * Takes the job from its holder, who may be using its transaction at this moment: that ends with
   * the session, since what is rolled back could be written on in auto-commit mode.
   */
  void revoke() {
    guarded(
        () -> {
          if (state != State.DONE) {
            state = State.DONE;
            release.accept(this);
          }
          return state;
        });
  }

  /** The same as {@link #done}. */
  @Override
  public void close() {
    done();
  }

  private void ending(Runnable hook) {
    state = State.ENDING;
    try {
      hook.run();
    } finally {
      state = State.HELD;
    }
  }

  private void require(String what, State... allowed) {
    for (State one : allowed) {
      if (state == one) {
        return;
      }
    }
    throw new IllegalStateException("Can't " + what + " " + this + ": it is " + state);
  }

  private <T> T guarded(Supplier<T> action) {
    guard.lock();
    try {
      return action.get();
    } finally {
      guard.unlock();
    }
  }

  @Override
  public String toString() {
    return "job " + row.key().id() + " (" + row.type() + ")";
  }
}
