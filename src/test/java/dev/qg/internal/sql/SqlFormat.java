package dev.qg.internal.sql;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Breaks a long statement into lines that can be read, at spaces only, so that the lines joined by
 * spaces are the statement again, character for character.
 */
final class SqlFormat {

  private static final int WIDTH = 100;

  /** What begins a line of its own, in a statement that is too long for one. */
  private static final Pattern CLAUSE =
      Pattern.compile(
          "(select|(?<!delete )from|where|and|order by|group by|offset|fetch next|union all|cross join"
              + "|left outer join|(?<!cross |outer )join|on|set|values|returning|insert into) ");

  private SqlFormat() {}

  static String lines(String sql) {
    StringBuilder text = new StringBuilder();
    // For each parenthesis that is open: how far what stands in it is moved in, if it is broken.
    Deque<Integer> indents = new ArrayDeque<>(List.of(0));
    Deque<Boolean> broken = new ArrayDeque<>(List.of(sql.length() > WIDTH));
    boolean quoted = false;
    for (int i = 0; i < sql.length(); i++) {
      char c = sql.charAt(i);
      quoted ^= c == '\'' || c == '"';
      if (!quoted && c == '(') {
        boolean breaks = broken.peek() && endOfPart(sql, i + 1, false) - i > WIDTH;
        indents.push(indents.peek() + (breaks ? 2 : 0));
        broken.push(breaks);
      } else if (!quoted && c == ')') {
        indents.pop();
        broken.pop();
      }
      if (quoted || c != ' ' || !broken.peek()) {
        text.append(c);
      } else if (sql.charAt(i - 1) == ';' || startsClause(sql, i + 1)) {
        text.append('\n').append(" ".repeat(indents.peek()));
      } else if (sql.charAt(i - 1) == ','
          && text.length() - text.lastIndexOf("\n") + endOfPart(sql, i + 1, true) - i > WIDTH) {
        text.append('\n').append(" ".repeat(indents.peek() + 4));
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  static String oneLine(String lines) {
    return lines.strip().replaceAll("\\s*\\n\\s*", " ");
  }

  private static boolean startsClause(String sql, int at) {
    return CLAUSE.matcher(sql).region(at, sql.length()).useTransparentBounds(true).lookingAt();
  }

  /** The end of what a parenthesis holds, or of one item of the list in it. */
  private static int endOfPart(String sql, int start, boolean item) {
    int depth = 0;
    for (int i = start; i < sql.length(); i++) {
      char c = sql.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      boolean ends = c == ',' || (c == ' ' && startsClause(sql, i + 1));
      if (depth < 0 || (item && depth == 0 && ends)) {
        return i;
      }
    }
    return sql.length();
  }
}
