package dev.qg;

/**
 * No job could be locked, because other workers did each one that was found before its lock was
 * taken, ten times in a row. There may be more jobs: try again. It stands for qg's {@code
 * ErrAgain}.
 */
public final class TryAgainException extends QgException {

  private static final long serialVersionUID = 1L;

  TryAgainException(Throwable cause) {
    super(String.valueOf(cause.getMessage()), cause);
  }
}
