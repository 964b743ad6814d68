package dev.qg.internal.sql;

/**
 * Text that others have chosen, such as a job's type, made harmless for one line of a log: it can
 * neither begin another line, nor reorder or hide what stands beside it, nor end a quoted value.
 */
public final class LogText {

  /** Longer than the type or queue of any job that is meant to be read. */
  private static final int LIMIT = 200;

  private LogText() {}

  /** Escapes the text, and cuts it at 200 characters. */
  public static String of(String text) {
    return of(text, LIMIT);
  }

  /** Escapes the text as in Java's source, and cuts what is longer than the limit before that. */
  public static String of(String text, int limit) {
    int end = Math.min(text.length(), limit);
    StringBuilder escaped = new StringBuilder(end + 16);
    for (int i = 0; i < end; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      append(escaped, c);
    }
    if (end < text.length()) {
      escaped.append("… (").append(text.length() - end).append(" more characters)");
    }
    return escaped.toString();
  }

  private static void append(StringBuilder escaped, int c) {
    switch (c) {
      case '\n' -> escaped.append("\\n");
      case '\r' -> escaped.append("\\r");
      case '\t' -> escaped.append("\\t");
      case '"', '\\' -> escaped.append('\\').append((char) c);
      default -> {
        if (isHarmful(c)) {
          for (char unit : Character.toChars(c)) {
            escaped.append(String.format("\\u%04X", (int) unit));
          }
        } else {
          escaped.appendCodePoint(c);
        }
      }
    }
  }

  /** Whether it is no text: format characters, say, reorder, join or hide others. */
  static boolean isHarmful(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.UNASSIGNED ->
          true;
      default -> false;
    };
  }
}
