package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is taken for JSON is what PostgreSQL takes for it. */
class JsonSyntaxTest {

  /** Pieces of JSON and of what looks like it; no U+0000 and no half of a pair: never texts. */
  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\"a\"",
          "\"\"",
          "0",
          "1",
          "-",
          "-0",
          "+1",
          "1.5",
          "1.",
          ".5",
          "01",
          "1e5",
          "1E-5",
          "1e",
          "1e+",
          "true",
          "false",
          "null",
          "True",
          "nul",
          "truex",
          " ",
          "\t",
          "\n",
          "\r",
          "\f",
          "\u00a0",
          "\u2028",
          "\\",
          "\\n",
          "\\x",
          "\\u00e9",
          "\\u00G0",
          "\\u12",
          "\\ud800",
          "\\udc00\\ud800",
          "\\u0000",
          "\"\\u0000\"",
          "\"\\ud83d\\ude00\"",
          "\u007f",
          "\u0001",
          "é",
          "😀",
          "'a'",
          "//",
          "/**/",
          "NaN",
          "Infinity",
          "\ufeff");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void agreesWithPostgresOnTextsThatAreMadeAtRandom() {
    Random random = new Random(20_260_101);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      texts.add(pieces(random, random.nextInt(7)));
      String json = value(random, 4);
      texts.add(json);
      texts.add(mutated(random, json));
      texts.add(mutated(random, mutated(random, json)));
    }
    List<Boolean> postgres = accepted(texts);

    assertThat(texts.stream().map(JsonSyntaxTest::isJson).toList())
        .as("texts for which we differ: %s", differences(texts, postgres))
        .isEqualTo(postgres);
    assertThat(postgres.stream().filter(accepted -> accepted).count()).isBetween(3_500L, 9_000L);
  }

  @Test
  void agreesWithPostgresOnEachCharacterAloneInAStringAndEscaped() {
    List<String> texts = new ArrayList<>();
    IntStream.rangeClosed(1, 0x2100)
        .forEach(
            c -> {
              texts.add(Character.toString(c));
              texts.add("\"" + Character.toString(c) + "\"");
              texts.add("\"\\" + Character.toString(c) + "\"");
              texts.add("\"\\u00" + Character.toString(c) + "0\"");
              texts.add("1" + Character.toString(c));
            });
    List<Boolean> postgres = accepted(texts);

    assertThat(differences(texts, postgres)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":"})
  void takesAnyDepthWhereTheStackOfPostgresHasAnEnd(String open) {
    // Postgres, with its max_stack_depth of 2 MB, takes some 6,000 levels: beyond, it is the one to
    // refuse.
    String close = open.equals("[") ? "]" : "}";
    String deep = open.repeat(100_000) + "1" + close.repeat(100_000);
    assertThatNoException().isThrownBy(() -> JsonSyntax.require("args", deep));
    assertThat(isJson(deep.substring(0, deep.length() - 1))).isFalse();
    String less = open.repeat(1_000) + "1" + close.repeat(1_000);
    assertThat(accepted(List.of(less, deep))).containsExactly(true, false);
  }

  @Test
  void tellsWhereItStopsBeingJson() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonSyntax.require("args", "{\"a\": 1, b}"))
        .withMessage("args must be JSON, but at index 9 of 11 it is not");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonSyntax.require("args", ""))
        .withMessage("args must be JSON, but at index 0 of 0 it is not");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> JsonSyntax.require("args", "[1, 2"))
        .withMessageContaining("at index 5");
  }

  private static boolean isJson(String text) {
    try {
      JsonSyntax.require("text", text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private List<Boolean> accepted(List<String> texts) {
    DSLContext session = db.session();
    session.execute(
        "create function pg_temp.is_json(t text) returns boolean language plpgsql as "
            + "'begin perform t::json; return true; exception when others then return false; end'");
    return session
        .select(DSL.field("pg_temp.is_json(t)", Boolean.class))
        .from("unnest({0}) with ordinality as u(t, n)", DSL.val(texts.toArray(String[]::new)))
        .orderBy(DSL.field("n"))
        .fetchInto(Boolean.class);
  }

  private static List<String> differences(List<String> texts, List<Boolean> postgres) {
    return IntStream.range(0, texts.size())
        .filter(i -> isJson(texts.get(i)) != postgres.get(i))
        .mapToObj(i -> texts.get(i) + " (Postgres: " + postgres.get(i) + ")")
        .toList();
  }

  private static String pieces(Random random, int count) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(PIECES.get(random.nextInt(PIECES.size())));
    }
    return text.toString();
  }

  private static String value(Random random, int depth) {
    int kind = random.nextInt(depth == 0 ? 4 : 8);
    String space = random.nextInt(4) == 0 ? " \t\n\r".substring(random.nextInt(4)) : "";
    return space
        + switch (kind) {
          case 0 -> String.valueOf(random.nextInt());
          case 1 -> String.valueOf(random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20));
          case 2 -> List.of("true", "false", "null").get(random.nextInt(3));
          case 3 -> string(random);
          case 4, 5 -> "[" + values(random, depth, "") + space + "]";
          default -> "{" + values(random, depth, ":") + "}";
        }
        + space;
  }

  private static String values(Random random, int depth, String colon) {
    List<String> values = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      String name = colon.isEmpty() ? "" : string(random) + colon;
      values.add(name + value(random, depth - 1));
    }
    return String.join(",", values);
  }

  private static String string(Random random) {
    StringBuilder text = new StringBuilder("\"");
    for (int i = random.nextInt(4); i > 0; i--) {
      text.append(
          List.of("a", "é", "😀", "\\n", "\\\"", "\\u00e9", "\\\\", "/", "\\/")
              .get(random.nextInt(9)));
    }
    return text.append('"').toString();
  }

  /** With a piece put in, or some characters taken out; pairs of surrogates stay whole. */
  private static String mutated(Random random, String text) {
    int[] points = text.codePoints().toArray();
    int at = random.nextInt(points.length + 1);
    int skipped = Math.min(random.nextInt(3), points.length - at);
    String piece = skipped == 0 || random.nextBoolean() ? pieces(random, 1) : "";
    return new String(points, 0, at)
        + piece
        + new String(points, at + skipped, points.length - at - skipped);
  }
}
