package dev.qg;

import org.jspecify.annotations.Nullable;

/**
 * What goes wrong in the queue itself. A failure of the database is a {@link
 * org.jooq.exception.DataAccessException}, as everywhere in jOOQ, and bad input is an {@link
 * IllegalArgumentException}, or a {@link NullPointerException} for a null.
 */
public class QgException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  QgException(String message) {
    super(message);
  }

  QgException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
