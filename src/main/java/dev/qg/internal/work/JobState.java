package dev.qg.internal.work;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** How far a job is that is held, and the lock that guards it. */
final class JobState {

  enum Step {
    /** Nothing has been decided. */
    HELD,
    /** A hook of its end runs, which may use the transaction and must not end the job itself. */
    ENDING,
    /** Its end is left to somebody else, who gives the lock back afterwards. */
    ENDING_LATER,
    /** Its row is deleted: for good, or in the transaction that is open. */
    DELETED,
    /** Its failure is recorded and committed. */
    FAILED,
    /** Its row was gone or had another key when it was to end. */
    LOST,
    /** The lock is given back. */
    DONE
  }

  /** Against a client's close, which ends a job while its holder is about to do so. */
  private final ReentrantLock guard = new ReentrantLock();

  private Step step = Step.HELD;

  <T> T guarded(Supplier<T> action) {
    guard.lock();
    try {
      return action.get();
    } finally {
      guard.unlock();
    }
  }

  void run(Runnable action) {
    guard.lock();
    try {
      action.run();
    } finally {
      guard.unlock();
    }
  }

  /**
   * Ends it in the holder's place, without waiting where the holder does something at this moment.
   *
   * @return false if it has ended already, or somebody else will end it
   */
  boolean abandon() {
    if (!guard.tryLock()) {
      return true;
    }
    try {
      boolean open = !is(Step.ENDING_LATER, Step.DONE);
      step = open ? Step.DONE : step;
      return open;
    } finally {
      guard.unlock();
    }
  }

  Step get() {
    return step;
  }

  void set(Step next) {
    step = next;
  }

  boolean is(Step... steps) {
    for (Step one : steps) {
      if (step == one) {
        return true;
      }
    }
    return false;
  }

  void require(String what, HeldJob job, Step... allowed) {
    if (!is(allowed)) {
      throw new IllegalStateException("Can't " + what + " " + job + ": it is " + step);
    }
  }

  /** Runs a hook of the end, which can't end the job itself. */
  void ending(Runnable hook) {
    step = Step.ENDING;
    try {
      hook.run();
    } finally {
      step = Step.HELD;
    }
  }
}
