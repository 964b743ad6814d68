package dev.qg.internal.work;

import org.jspecify.annotations.Nullable;

/**
 * That the ends of jobs can't be written, as the server is away, read-only or full: meanwhile no
 * more are to be started, whose effects elsewhere would be there while nobody knows of them. Where
 * it is the server's lock table that has no room, who holds the locks must make some first, since
 * they are given back only when the ends are committed. The finisher's thread tells of it, the
 * locker's asks and makes room.
 */
final class Stoppage {

  private final Runnable changed;
  private final Runnable afterRoomMade;

  /** Written by the finisher's thread alone, read by the locker's. */
  private volatile @Nullable Throwable cause =
      new IllegalStateException("The session for the ends of jobs is not open yet");

  /** Set by the locker's thread, and taken back by the finisher's before its next try. */
  private volatile boolean roomMade;

  /**
   * @param changed called when the ends can't be written, and when they can again
   * @param afterRoomMade called when there is room that others could take: it is to be used at once
   */
  Stoppage(Runnable changed, Runnable afterRoomMade) {
    this.changed = changed;
    this.afterRoomMade = afterRoomMade;
  }

  /** Hears why ends could not be written that are to be tried again. */
  void failed(Throwable failure) {
    roomMade = false;
    cause = failure;
    changed.run();
  }

  /** Hears that all ends were written that can be. */
  void over() {
    if (cause != null) {
      roomMade = false;
      cause = null;
      changed.run();
    }
  }

  /** Hears that there is room in the lock table. */
  void roomMade() {
    roomMade = true;
    afterRoomMade.run();
  }

  /** Whether there is room, as far as nobody else has taken it. */
  boolean isRoomMade() {
    return roomMade;
  }

  /** Whether the ends can't be written. */
  boolean isOn() {
    return cause != null;
  }

  /** How it was noticed that the lock table has no room; null if that is not the reason. */
  @Nullable RuntimeException shortage() {
    return cause instanceof RuntimeException e && SqlStates.isLockTableFull(e) ? e : null;
  }
}
