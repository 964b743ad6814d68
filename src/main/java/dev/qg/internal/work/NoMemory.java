package dev.qg.internal.work;

import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** What to do where there is no memory, as others have taken all of it for a moment. */
final class NoMemory {

  /** In nanoseconds; a constant, as this class may be made where there is no memory. */
  private static final long PAUSE = 100_000_000;

  private NoMemory() {}

  /** Waits for others to let go of some, also on a thread that was interrupted. */
  static void pause() {
    boolean interrupted = Thread.interrupted();
    LockSupport.parkNanos(PAUSE);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Does for certain what needs some: where there is none, as soon as there is.
   *
   * @param action made beforehand, as to make one needs memory, too; may be done again in part
   */
  static <T> void surely(T subject, Consumer<T> action) {
    boolean done = false;
    while (!done) {
      try {
        action.accept(subject);
        done = true;
      } catch (OutOfMemoryError e) {
        pause();
      }
    }
  }
}
