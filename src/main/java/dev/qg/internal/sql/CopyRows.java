package dev.qg.internal.sql;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.sql.SQLException;
import org.postgresql.copy.CopyIn;

/** Writes rows in the text format of COPY, a large piece at a time; cancels what isn't finished. */
final class CopyRows implements AutoCloseable {

  private static final int PIECE = 1 << 16;

  private final CopyIn copy;
  private final StringBuilder buffer = new StringBuilder(PIECE + PIECE / 8);
  private boolean rowStarted;

  CopyRows(CopyIn copy) {
    this.copy = copy;
  }

  void column(String value) {
    if (rowStarted) {
      buffer.append('\t');
    }
    rowStarted = true;
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> buffer.append("\\\\");
        case '\t' -> buffer.append("\\t");
        case '\n' -> buffer.append("\\n");
        case '\r' -> buffer.append("\\r");
        default -> buffer.append(c);
      }
    }
  }

  void end() throws SQLException {
    buffer.append('\n');
    rowStarted = false;
    if (buffer.length() >= PIECE) {
      flush();
    }
  }

  /** Ends it, and tells how many rows the table has taken. */
  long finish() throws SQLException {
    flush();
    return copy.endCopy();
  }

  private void flush() throws SQLException {
    byte[] bytes = buffer.toString().getBytes(UTF_8);
    copy.writeToCopy(bytes, 0, bytes.length);
    buffer.setLength(0);
  }

  @Override
  public void close() throws SQLException {
    if (copy.isActive()) {
      copy.cancelCopy();
    }
  }
}
