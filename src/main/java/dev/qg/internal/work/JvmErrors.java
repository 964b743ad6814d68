package dev.qg.internal.work;

import org.jspecify.annotations.Nullable;

/**
 * Errors of the JVM's, which can break off anything anywhere, also amid the answer to a statement.
 */
final class JvmErrors {

  /** Of causes, which can also go round in a circle. */
  private static final int DEEPEST = 100;

  private JvmErrors() {}

  /**
   * Whether one of them is, or is behind, a failure: the session that was used then can't be relied
   * on, as the driver may take what is left of one answer for the next one.
   */
  static boolean areIn(@Nullable Throwable failure) {
    Throwable cause = failure;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) {
      if (cause instanceof Error && !(cause instanceof AssertionError)) {
        return true;
      }
      cause = cause.getCause();
    }
    return false;
  }
}
