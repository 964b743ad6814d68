package dev.qg.internal.work;

import dev.qg.internal.sql.DriverErrors;
import dev.qg.internal.sql.LogText;
import dev.qg.internal.sql.StorableText;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a failed job keeps of its error: the stack trace as Java prints it, with each message and
 * the whole of it capped, so that neither a huge message hides the stack nor the row grows with it.
 */
final class ErrorText {

  private static final int MESSAGE_LIMIT = 4_096;
  private static final int LIMIT = 32_768;
  private static final int LINE_LIMIT = 500;

  private final StringBuilder text = new StringBuilder();
  private final Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private ErrorText() {}

  /**
   * The error with its stack trace, its causes and what was suppressed, not far beyond the limit.
   */
  static String of(Throwable error) {
    ErrorText result = new ErrorText();
    try {
      result.append("", DriverErrors.withoutData(error));
    } catch (Throwable t) {
      // Its class may have ideas of its own about its stack trace and its cause.
      result.text.append("(the rest can't be read: ").append(t.getClass().getName()).append(")\n");
    }
    return result.text.toString();
  }

  /** Why a job failed, in one line of a log. */
  static String line(@Nullable Throwable cause, String message) {
    return LogText.of(
        cause == null ? message : describe(DriverErrors.withoutData(cause)), LINE_LIMIT);
  }

  /** An error's text and one that came of it, of which neither cuts the other off. */
  static String both(String text, Throwable further) {
    return cut(text, LIMIT / 2) + "\n" + of(further);
  }

  /** A text that the database can hold, within the limit. */
  static String storable(String text) {
    return StorableText.clean(cut(text, LIMIT));
  }

  /** A text that any database can hold, whatever its encoding. */
  static String ascii(String text) {
    return text.replaceAll("[^\\x00-\\x7F]", "?");
  }

  private void append(String caption, Throwable error) {
    if (text.length() > LIMIT || !seen.add(error)) {
      return;
    }
    text.append(caption).append(cut(describe(error), MESSAGE_LIMIT)).append('\n');
    for (StackTraceElement frame : error.getStackTrace()) {
      if (text.length() > LIMIT) {
        return;
      }
      text.append("\tat ").append(frame).append('\n');
    }
    for (Throwable suppressed : error.getSuppressed()) {
      append("Suppressed: ", suppressed);
    }
    Throwable cause = error.getCause();
    if (cause != null) {
      append("Caused by: ", cause);
    }
  }

  /** An error's own words, which may themselves fail. */
  private static String describe(Throwable error) {
    try {
      return String.valueOf(error);
    } catch (Throwable t) {
      return error.getClass().getName() + " (its message can't be read: " + t.getClass() + ")";
    }
  }

  private static String cut(String text, int limit) {
    return text.length() <= limit
        ? text
        : text.substring(0, limit) + "… (" + (text.length() - limit) + " more characters)";
  }
}
