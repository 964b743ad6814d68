package dev.qg.internal.work;

import org.jspecify.annotations.Nullable;

/**
 * That the server's lock table has no room for the transaction which writes the ends of jobs. Only
 * when those are committed are the jobs' locks given back: who holds the locks must make room
 * first. Safe for use by many threads.
 */
final class Shortage {

  private final Runnable changed;

  private volatile @Nullable RuntimeException cause;

  /**
   * @param changed called when there is a shortage, and when it is over
   */
  Shortage(Runnable changed) {
    this.changed = changed;
  }

  /** Hears why the ends could not be written. */
  void failed(Throwable failure) {
    if (failure instanceof RuntimeException e && SqlStates.isLockTableFull(e)) {
      cause = e;
      changed.run();
    } else {
      over();
    }
  }

  /** Hears that it is not for want of room that something could not be written. */
  void over() {
    if (cause != null) {
      cause = null;
      changed.run();
    }
  }

  /** How it was noticed; null if there is no shortage. */
  @Nullable RuntimeException cause() {
    return cause;
  }
}
