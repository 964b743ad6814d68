package dev.qg.internal.sql;

/**
 * Checks that a text is JSON by RFC 8259, as PostgreSQL's {@code json} does, before it is sent: in
 * the database the error would abort the caller's transaction. It keeps nothing of what it reads,
 * and its stack doesn't grow with the depth.
 */
public final class JsonSyntax {

  private final String text;
  private int at;

  private JsonSyntax(String text) {
    this.text = text;
  }

  /**
   * Returns the text if it is JSON.
   *
   * @param what names the text in the message, which doesn't show it
   * @throws IllegalArgumentException if it isn't, with the place where it stops being JSON
   */
  public static String require(String what, String text) {
    JsonSyntax syntax = new JsonSyntax(text);
    if (!syntax.isDocument()) {
      throw new IllegalArgumentException(
          what
              + " must be JSON, but at index "
              + Math.min(syntax.at, text.length())
              + " of "
              + text.length()
              + " it is not");
    }
    return text;
  }

  private boolean isDocument() {
    StringBuilder open = new StringBuilder();
    while (true) {
      // A value is expected here: the start of one, or a whole one.
      skipSpace();
      char c = peek();
      if (c == '{' || c == '[') {
        at++;
        skipSpace();
        char close = c == '{' ? '}' : ']';
        if (peek() != close) {
          open.append(close);
          if (close == '}' && !isName()) {
            return false;
          }
          continue;
        }
        at++;
      } else if (!isScalar(c)) {
        return false;
      }
      // A value has ended: what follows closes what is open, or starts the next value in it.
      while (true) {
        skipSpace();
        if (open.length() == 0) {
          return at == text.length();
        }
        char close = open.charAt(open.length() - 1);
        if (peek() == close) {
          at++;
          open.setLength(open.length() - 1);
        } else if (peek() == ',') {
          at++;
          skipSpace();
          if (close == '}' && !isName()) {
            return false;
          }
          break;
        } else {
          return false;
        }
      }
    }
  }

  private boolean isName() {
    if (!isString()) {
      return false;
    }
    skipSpace();
    return take(':');
  }

  private boolean isScalar(char c) {
    return switch (c) {
      case '"' -> isString();
      case 't' -> isWord("true");
      case 'f' -> isWord("false");
      case 'n' -> isWord("null");
      default -> isNumber();
    };
  }

  private boolean isWord(String word) {
    boolean found = text.startsWith(word, at);
    at += found ? word.length() : 0;
    return found;
  }

  private boolean isString() {
    if (!take('"')) {
      return false;
    }
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c < ' ') {
        return false;
      }
      at++;
      if (c == '"') {
        return true;
      }
      if (c == '\\' && !isEscape()) {
        return false;
      }
    }
    return false;
  }

  private boolean isEscape() {
    char c = peek();
    if (c != 'u') {
      return "\"\\/bfnrt".indexOf(c) >= 0 && take(c);
    }
    at++;
    for (int i = 0; i < 4; i++, at++) {
      if (Character.digit(peek(), 16) < 0 || peek() > 'f') {
        return false;
      }
    }
    return true;
  }

  private boolean isNumber() {
    take('-');
    if (!take('0') && !areDigits()) {
      return false;
    }
    if (take('.') && !areDigits()) {
      return false;
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        take('-');
      }
      return areDigits();
    }
    return true;
  }

  private boolean areDigits() {
    int start = at;
    while (peek() >= '0' && peek() <= '9') {
      at++;
    }
    return at > start;
  }

  private void skipSpace() {
    while (" \t\n\r".indexOf(peek()) >= 0 && at < text.length()) {
      at++;
    }
  }

  private boolean take(char c) {
    boolean found = at < text.length() && text.charAt(at) == c;
    at += found ? 1 : 0;
    return found;
  }

  /** The next character, or U+0000, which JSON has nowhere, at the end. */
  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }
}
