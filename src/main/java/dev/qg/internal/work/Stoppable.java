package dev.qg.internal.work;

import java.time.Duration;

/** A pool or a worker that works jobs until it is stopped. Thread-safe. */
public interface Stoppable {

  /** Asks it to take no more jobs; its shutdown follows. */
  void stop();

  /**
   * Stops it, and waits until its jobs have ended.
   *
   * @return whether they ended by themselves within the limit, and that is written
   */
  boolean shutdown(Duration limit);
}
