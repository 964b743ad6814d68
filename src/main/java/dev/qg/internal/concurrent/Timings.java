package dev.qg.internal.concurrent;

import java.time.Duration;

/**
 * The waits of the engine that users cannot set. Immutable.
 *
 * <p>Tests of a long wait would take as long. So the tests' JVMs shorten the waits that they call
 * long, by the system property {@value #SCALE_PROPERTY}: a factor, 1 by default. It is for this
 * project's own tests only. Short waits stay as they are: on a busy machine, a shortened one would
 * end before the thing that is waited for could happen.
 */
public final class Timings {

  /** The name of the property. */
  static final String SCALE_PROPERTY = "dev.qg.internal.timings";

  private static final double SCALE = Double.parseDouble(System.getProperty(SCALE_PROPERTY, "1"));

  // The session that holds the locks of a pool's jobs, and the one that listens.

  /** The longest silence of a session that holds locks before the pool asks it for an answer. */
  public static final Duration HEARTBEAT = scaled(Duration.ofSeconds(2));

  /** The longest silence of the session that listens before the pool asks it for an answer. */
  public static final Duration LISTENER_HEARTBEAT = scaled(Duration.ofSeconds(30));

  /** The patience with an answer to a heartbeat. */
  public static final Duration HEARTBEAT_ANSWER = scaled(Duration.ofSeconds(10));

  /** The patience with an answer to a statement. */
  public static final Duration NETWORK_TIMEOUT = scaled(Duration.ofSeconds(30));

  /**
   * {@code statement_timeout} of a session that holds locks. It is shorter than {@link
   * #NETWORK_TIMEOUT}, after which the client would give up the session and the locks with it.
   */
  public static final Duration STATEMENT_TIMEOUT_TO_HOLD = scaled(Duration.ofSeconds(20));

  /**
   * {@code lock_timeout} of a session that holds locks. It is shorter than {@link
   * #STATEMENT_TIMEOUT_TO_HOLD}, whose error would not tell that others have locked the table.
   */
  public static final Duration LOCK_TIMEOUT_TO_HOLD = scaled(Duration.ofSeconds(10));

  // The session that writes the ends of jobs.

  /** {@code lock_timeout} of a session that writes. */
  public static final Duration LOCK_TIMEOUT_TO_WRITE = Duration.ofSeconds(1);

  /** {@code lock_timeout} of a session that leaves locked rows for another time. */
  public static final Duration LOCK_TIMEOUT_WHERE_FREE = Duration.ofMillis(10);

  // Failures, and the pauses after them.

  /** The pause after a first failure; it doubles with each further one. */
  public static final Duration FIRST_PAUSE = Duration.ofMillis(100);

  /** The longest pause between two tries. */
  public static final Duration LONGEST_PAUSE = scaled(Duration.ofSeconds(10));

  /**
   * The pause after jobs that other workers took, that can't be read or that can't be deleted. The
   * last two must not loop hot.
   */
  public static final Duration AFTER_CONTENTION = Duration.ofMillis(100);

  /** The pause before a pool tries to hold more locks, after the lock table was full. */
  public static final Duration MORE_LOCKS_PAUSE = Duration.ofSeconds(1);

  /** The longest such pause. */
  public static final Duration LONGEST_MORE_LOCKS_PAUSE = Duration.ofMinutes(1);

  /** The patience with other threads that compare sessions. */
  public static final Duration SESSION_CHECK = scaled(Duration.ofSeconds(30));

  // The buffer of claimed jobs.

  /** The time within which prefetched jobs should start. */
  public static final Duration PREFETCH = Duration.ofMillis(100);

  /** The pool gives a prefetched job back that has not started within this time. */
  public static final Duration PREFETCH_LIMIT = Duration.ofSeconds(1);

  // Shutdowns.

  /** Longer than anybody lives. */
  public static final Duration NO_LIMIT = Duration.ofDays(100_000);

  /** The time limit of a {@code close()}. */
  public static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  /** The time that a thread has to end once it was told to end at once. */
  public static final Duration GRACE = Duration.ofSeconds(1);

  private Timings() {}

  /** The length of a long wait in this JVM. */
  public static Duration scaled(Duration time) {
    return Duration.ofMillis(Math.round(time.toMillis() * SCALE));
  }

  /** A time in whole seconds, at least one. */
  public static int seconds(Duration time) {
    return (int) Math.max(1, time.toSeconds());
  }
}
