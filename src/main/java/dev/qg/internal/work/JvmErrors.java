package dev.qg.internal.work;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Errors of the JVM's, which can break off anything anywhere, also amid the answer to a statement.
 */
final class JvmErrors {

  /** Of causes, which can also go round in a circle. */
  static final int DEEPEST = 100;

  private JvmErrors() {}

  /**
   * Whether one of them is, or is behind, a failure: the session that was used then can't be relied
   * on, as the driver may take what is left of one answer for the next one.
   */
  static boolean areIn(@Nullable Throwable failure) {
    Throwable cause = failure;
    // What the driver itself tells of, it has got over.
    for (int i = 0; cause != null && !(cause instanceof SQLException) && i < DEEPEST; i++) {
      if (cause instanceof VirtualMachineError) {
        return true;
      }
      cause = causeOf(cause);
    }
    return false;
  }

  /** The cause, as far as its class can tell it. */
  static @Nullable Throwable causeOf(Throwable failure) {
    try {
      return failure.getCause();
    } catch (VirtualMachineError e) {
      return e;
    } catch (Throwable t) {
      // Its class is somebody else's.
      return null;
    }
  }
}
