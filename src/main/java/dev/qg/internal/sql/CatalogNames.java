package dev.qg.internal.sql;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The full names of PostgreSQL's functions, operators and types in a rendered statement.
 *
 * <p>The server looks up a name without a schema on the search path, and there it prefers the
 * candidate that fits the arguments best. A function {@code concat} or an operator {@code =} that
 * somebody made in {@code public} would run with the rights of the application. So this class puts
 * {@code pg_catalog} before each of these names. It works on the text, which is what the server
 * reads: jOOQ's model leaves out parts of a statement, comparisons of rows for one, and differs
 * between its versions.
 *
 * <p>Each name is completed unless it belongs to the grammar, which doesn't use the search path. A
 * keyword that is missing in these lists makes a statement that the server refuses, and never one
 * with another meaning.
 */
final class CatalogNames {

  private static final String CATALOG = "pg_catalog";

  /** A name in quotes, a text, a word, a number, an operator, or else one character. */
  private static final Pattern TOKEN =
      Pattern.compile(
          "\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'|[A-Za-z_]\\w*|\\d+(?:\\.\\d+)?(?:E-?\\d+)?"
              + "|[-+*/<>=~!@#%^&|]+|\\S");

  /** Words that can stand before a parenthesis or a sign, and are neither function nor operand. */
  private static final Set<String> KEYWORDS =
      words(
          "all and any array as by case cast coalesce conflict distinct else except exists extract"
              + " filter from greatest intersect join lateral least limit materialized next not"
              + " offset on or over returning row select set then union using values when where");

  /** Types by the names that the grammar has for them. */
  private static final Set<String> TYPES =
      words(
          "bigint boolean char decimal double float int integer interval numeric real smallint time"
              + " timestamp varchar");

  /** They look up an operator or a collation on the search path, and take no schema. */
  private static final Set<String> IMPLICIT =
      words("between collate ilike in like natural nullif overlaps similar");

  private final String sql;
  private final List<String> tokens = new ArrayList<>();

  private CatalogNames(String sql) {
    this.sql = sql;
  }

  /**
   * Completes the names in a statement that jOOQ has rendered.
   *
   * @throws IllegalStateException if the statement has a part that can't be given a full name
   */
  static String complete(String sql) {
    return new CatalogNames(sql).complete();
  }

  private String complete() {
    Matcher matcher = TOKEN.matcher(sql);
    while (matcher.find()) {
      tokens.add(matcher.group());
    }
    StringBuilder completed = new StringBuilder();
    // For each open parenthesis: whether it is a cast's, and whether assignments stand in it.
    Deque<Boolean> casts = new ArrayDeque<>(List.of(false));
    Deque<Boolean> assignments = new ArrayDeque<>(List.of(false));
    matcher.reset();
    for (int i = 0; matcher.find(); i++) {
      switch (at(i)) {
        case "(" -> {
          casts.push(at(i - 1).equals("cast"));
          assignments.push(false);
        }
        case ")" -> {
          casts.pop();
          assignments.pop();
        }
        case "set", "from", "where", "returning", ";" -> {
          assignments.pop();
          assignments.push(at(i).equals("set"));
        }
        default -> {}
      }
      boolean assigns =
          at(i).equals("=") && assignments.getFirst() && List.of("set", ",").contains(at(i - 2));
      boolean isType = at(i - 1).equals("as") && casts.getFirst();
      String token = assigns ? at(i) : complete(i, isType);
      matcher.appendReplacement(completed, Matcher.quoteReplacement(token));
    }
    return matcher.appendTail(completed).toString();
  }

  private String complete(int i, boolean isType) {
    String token = at(i);
    if (isImplicit(i) || (isType && !isWord(token))) {
      throw new IllegalStateException(
          "The server would look up %s on the search path in: %s".formatted(token, sql));
    }
    if ("-+*/<>=~!@#%^&|".indexOf(token.charAt(0)) >= 0 && isOperand(at(i - 1))) {
      return "operator(" + CATALOG + "." + token + ")";
    }
    boolean isName =
        isType || (isWord(token) && at(i + 1).equals("(") && !KEYWORDS.contains(token));
    return isName && !TYPES.contains(token) && !at(i - 1).equals(".")
        ? CATALOG + "." + token
        : token;
  }

  private boolean isImplicit(int i) {
    return switch (at(i)) {
      case "case" -> !at(i + 1).equals("when");
      case "distinct" -> List.of("is", "not").contains(at(i - 1));
      case "using" -> at(i + 1).equals("(") && at(i + 2).startsWith("\"");
      case ":" -> true;
      default -> IMPLICIT.contains(at(i));
    };
  }

  /** Whether what follows is an operator: neither the star of all columns nor a number's sign. */
  private static boolean isOperand(String token) {
    char last = token.charAt(token.length() - 1);
    return !KEYWORDS.contains(token)
        && (Character.isLetterOrDigit(last) || "_\"')]?".indexOf(last) >= 0);
  }

  private static boolean isWord(String token) {
    return Character.isLetter(token.charAt(0)) || token.charAt(0) == '_';
  }

  /** The token, or an end where there is none. */
  private String at(int i) {
    return i < 0 || i >= tokens.size() ? ";" : tokens.get(i);
  }

  private static Set<String> words(String words) {
    return Set.of(words.split(" "));
  }
}
