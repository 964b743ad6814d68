package dev.qg.internal.work;

import org.jspecify.annotations.Nullable;

/**
 * That the server's lock table has no room for the transaction which writes the ends of jobs. Only
 * when those are committed are the jobs' locks given back: who holds the locks must make room
 * first. The finisher's thread tells of it, the locker's asks and makes room.
 */
final class Shortage {

  private final Runnable changed;
  private final Runnable afterRoomMade;

  /** Written by the finisher's thread alone, read by the locker's. */
  private volatile @Nullable RuntimeException cause;

  /** Set by the locker's thread, and taken back by the finisher's before its next try. */
  private volatile boolean roomMade;

  /**
   * @param changed called when there is a shortage, and when it is over
   * @param afterRoomMade called when there is room that others could take: it is to be used at once
   */
  Shortage(Runnable changed, Runnable afterRoomMade) {
    this.changed = changed;
    this.afterRoomMade = afterRoomMade;
  }

  /** Hears why the ends could not be written, which may have another reason. */
  void failed(Throwable failure) {
    roomMade = false;
    if (failure instanceof RuntimeException e && SqlStates.isLockTableFull(e)) {
      cause = e;
      changed.run();
    }
  }

  /** Hears that the ends were written. */
  void over() {
    if (cause != null) {
      roomMade = false;
      cause = null;
      changed.run();
    }
  }

  /** Hears that there is room. */
  void roomMade() {
    roomMade = true;
    afterRoomMade.run();
  }

  /** Whether there is room, as far as nobody else has taken it. */
  boolean isRoomMade() {
    return roomMade;
  }

  /** How it was noticed; null if there is no shortage. */
  @Nullable RuntimeException cause() {
    return cause;
  }
}
