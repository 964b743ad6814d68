package dev.qg.internal.sql;

import java.sql.SQLException;
import java.util.Set;
import org.jooq.exception.DataAccessException;
import org.jooq.exception.DataException;
import org.jooq.exception.IntegrityConstraintViolationException;
import org.jooq.exception.SQLStateClass;

/**
 * Gives a failure of a statement the exception that jOOQ's users know, and the one that a newcomer
 * meets first, the missing table, a message that says what to do. None of them shows values of
 * rows.
 */
final class SqlErrors {

  /** There is no such table, or not even its schema. */
  private static final Set<String> MISSING = Set.of("42P01", "3F000");

  private final String where;

  /**
   * @param where in which schema the tables are looked for, in words
   */
  SqlErrors(String where) {
    this.where = where;
  }

  DataAccessException translate(String sql, SQLException error) {
    SQLException e = DriverErrors.withoutData(error);
    if (DriverErrors.isOfEarlierStatement(e)) {
      return new DataAccessException(
          "An earlier statement in this transaction failed, of the handler or of the caller, and its"
              + " error was ignored"
              + (e.getCause() == null ? "" : " (" + e.getCause().getMessage() + ")")
              + ": PostgreSQL refuses what follows, here SQL ["
              + sql
              + "]",
          e);
    }
    if (e.getSQLState() != null && MISSING.contains(e.getSQLState())) {
      return new DataAccessException(
          e.getMessage() + " (looked for in " + where + "): " + Statements.HOW_TO_MAKE_TABLES, e);
    }
    String message = "SQL [" + sql + "]; " + e.getMessage();
    return switch (SQLStateClass.fromCode(e.getSQLState())) {
      case C22_DATA_EXCEPTION -> new DataException(message, e);
      case C23_INTEGRITY_CONSTRAINT_VIOLATION ->
          new IntegrityConstraintViolationException(message, e);
      default -> new DataAccessException(message, e);
    };
  }
}
