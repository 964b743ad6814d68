package dev.qg.internal.work;

import dev.qg.internal.sql.LogText;

/** Every job that a session locked, in all of its attempts, had been done by others meanwhile. */
public final class ContentionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ContentionException(String queue, int attempts) {
    super(
        "Lost "
            + attempts
            + " jobs of the queue \""
            + LogText.of(queue)
            + "\" to other workers between locking and looking again; try again");
  }
}
