package dev.qg.internal.work;

import java.sql.SQLException;
import java.util.Set;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/** What the SQLSTATE of a failure says of it. */
final class SqlStates {

  /** Of "out of shared memory", which the lock table is a part of. */
  private static final String LOCK_TABLE_FULL = "53200";

  /** Of a wait that took longer than {@code lock_timeout}. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  /** Classes: the state of the transaction, resources, and the system's errors. */
  private static final Set<String> OF_SERVER = Set.of("25", "53", "58");

  /** Classes: data, the limits of a program, and what the server found to be broken. */
  private static final Set<String> OF_DATA = Set.of("22", "54", "XX");

  /** Of a statement that took too long, or that somebody has cancelled. */
  private static final String CANCELED = "57014";

  /** Of a write in a transaction that is read-only. */
  private static final String READ_ONLY = "25006";

  /** As jOOQ has it where there is none. */
  private static final String NONE = "00000";

  /** Class: the connection, as the driver sees it. */
  private static final String OF_CONNECTION = "08";

  private SqlStates() {}

  static boolean isLockTableFull(RuntimeException e) {
    return LOCK_TABLE_FULL.equals(of(e));
  }

  /** Whether others have locked what a statement needs. */
  static boolean isLocked(RuntimeException e) {
    return LOCK_NOT_AVAILABLE.equals(of(e));
  }

  /** Whether the server has answered so, and not the driver in its place. */
  static boolean isAnswer(RuntimeException e) {
    return !of(e).equals(NONE) && !of(e).startsWith(OF_CONNECTION) && !isOfOurMemory(e);
  }

  /** Such as that it is read-only or full; but not that it has cancelled a statement. */
  static boolean isOfServer(RuntimeException e) {
    return OF_SERVER.contains(of(e).substring(0, 2));
  }

  /**
   * Whether a statement that only reads has failed by what there was to read: it was too much, here
   * or for the server, or makes no sense to the driver, which then throws what it likes.
   */
  static boolean isOfWhatWasRead(Throwable failure) {
    if (mayPass(failure)) {
      return true;
    }
    return failure instanceof DataAccessException e
        ? OF_DATA.contains(of(e).substring(0, 2))
        : failure instanceof RuntimeException;
  }

  /**
   * Whether that may be others' doing, who have taken the memory for a moment, or have cancelled
   * the statement. The server's memory has the same code as its lock table, as has the driver's,
   * which catches what is thrown when there is no more.
   */
  static boolean mayPass(Throwable failure) {
    return isOfOurMemory(failure)
        || (failure instanceof RuntimeException e
            && (isLockTableFull(e) || CANCELED.equals(of(e))));
  }

  /** Whether something could not be written as its transaction was read-only. */
  static boolean isOfReadOnlySession(@Nullable Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; cause != null && i < JvmErrors.DEEPEST; i++) {
      if (cause instanceof SQLException e && READ_ONLY.equals(e.getSQLState())) {
        return true;
      }
      cause = JvmErrors.causeOf(cause);
    }
    return false;
  }

  private static boolean isOfOurMemory(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return true;
      }
    }
    return false;
  }

  private static String of(RuntimeException e) {
    return e instanceof DataAccessException failure ? failure.sqlState() : NONE;
  }
}
