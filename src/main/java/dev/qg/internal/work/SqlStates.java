package dev.qg.internal.work;

import java.util.Set;
import org.jooq.exception.DataAccessException;

/** What the SQLSTATE of a failure says of it. */
final class SqlStates {

  /** Of "out of shared memory", which the lock table is a part of. */
  private static final String LOCK_TABLE_FULL = "53200";

  /** Of a wait that took longer than {@code lock_timeout}. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  /** Of a statement that would write, on a standby or where that is turned off. */
  private static final String READ_ONLY = "25006";

  /** Classes: the state of the transaction, resources, and the system's errors. */
  private static final Set<String> OF_SERVER = Set.of("25", "53", "58");

  /** As jOOQ has it where there is none. */
  private static final String NONE = "00000";

  private SqlStates() {}

  static boolean isLockTableFull(RuntimeException e) {
    return LOCK_TABLE_FULL.equals(of(e));
  }

  /** Whether others have locked what a statement needs. */
  static boolean isLocked(RuntimeException e) {
    return LOCK_NOT_AVAILABLE.equals(of(e));
  }

  /** Whether the server takes nothing on that session, which another one may take. */
  static boolean isReadOnly(Throwable failure) {
    return failure instanceof DataAccessException e && READ_ONLY.equals(of(e));
  }

  /** Such as that it is read-only or full; but not that it has cancelled a statement. */
  static boolean isOfServer(RuntimeException e) {
    return OF_SERVER.contains(of(e).substring(0, 2));
  }

  private static String of(RuntimeException e) {
    return e instanceof DataAccessException failure ? failure.sqlState() : NONE;
  }
}
