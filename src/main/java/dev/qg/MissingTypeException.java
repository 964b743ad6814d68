package dev.qg;

/**
 * A job was made without a type, or with a blank one. It stands for qg's {@code ErrMissingType}.
 */
public final class MissingTypeException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  MissingTypeException() {
    super("A job must have a type that is not blank: it names the handler that works it");
  }
}
