package dev.qg.internal.sql;

/**
 * What PostgreSQL can hold as text: everything but U+0000, and no surrogate without its pair, which
 * has no UTF-8.
 */
public final class StorableText {

  private static final char REPLACEMENT = '\uFFFD';

  private StorableText() {}

  /**
   * Returns the text if PostgreSQL can hold it.
   *
   * @param what names the text in the message
   * @throws IllegalArgumentException if it can't, with the place of the character that is wrong
   */
  public static String require(String what, String text) {
    return require(what, text, true);
  }

  /** The same for a text that may be confidential, which the message doesn't show. */
  public static String requireUnseen(String what, String text) {
    return require(what, text, false);
  }

  private static String require(String what, String text, boolean isShown) {
    for (int i = 0; i < text.length(); i++) {
      if (isUnstorable(text, i)) {
        throw new IllegalArgumentException(
            String.format(
                "%s has the character U+%04X at index %d, which PostgreSQL can't store as text%s",
                what, (int) text.charAt(i), i, isShown ? ": \"" + excerpt(text) + "\"" : ""));
      }
    }
    return text;
  }

  /** Returns the text with U+FFFD for each character that PostgreSQL can't hold. */
  public static String clean(String text) {
    StringBuilder clean = null;
    for (int i = 0; i < text.length(); i++) {
      if (isUnstorable(text, i)) {
        if (clean == null) {
          clean = new StringBuilder(text);
        }
        clean.setCharAt(i, REPLACEMENT);
      }
    }
    return clean == null ? text : clean.toString();
  }

  /** The first of a text, for a message, with nothing in it that can't be shown. */
  public static String excerpt(String text) {
    String shown = clean(text);
    return LogText.of(shown.length() <= 60 ? shown : clean(shown.substring(0, 60)) + "…");
  }

  private static boolean isUnstorable(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    if (Character.isLowSurrogate(c)) {
      return i == 0 || !Character.isHighSurrogate(text.charAt(i - 1));
    }
    return c == 0;
  }
}
