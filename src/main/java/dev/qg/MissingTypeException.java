package dev.qg;

/** A job was made without a type. It stands for qg's {@code ErrMissingType}. */
public final class MissingTypeException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  MissingTypeException() {
    super("A job must have a type: it names the handler that works it");
  }
}
