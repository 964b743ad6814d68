package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.qg.fixture.TestDatabase;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL can't hold as text is refused or replaced, and nothing else is. */
class StorableTextTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void keepsEveryCharacterThatPostgresGivesBack() {
    String all =
        IntStream.rangeClosed(1, Character.MAX_CODE_POINT)
            .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    assertThat(StorableText.require("text", all)).isSameAs(all);
    assertThat(StorableText.clean(all)).isSameAs(all);
    assertThat(echo(db.session(), all)).isEqualTo(all);
  }

  @ParameterizedTest
  @MethodSource("unstorable")
  void refusesWhatHasNoUtf8(String text, String code, int index) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StorableText.require("the text", text))
        .withMessageStartingWith(
            "the text has the character U+" + code + " at index " + index + ", which PostgreSQL");
  }

  static Stream<Arguments> unstorable() {
    return Stream.of(
        arguments("a\0b", "0000", 1),
        arguments("\ud800", "D800", 0),
        arguments("a\udc00", "DC00", 1),
        arguments("\ud800\ud800\udc00", "D800", 0),
        arguments("\ud83d\ude00\ude00", "DE00", 2));
  }

  @Test
  void whatIsCleanedCanBeStored() {
    Random random = new Random(1);
    DSLContext session = db.session();
    for (int i = 0; i < 300; i++) {
      String text =
          random
              .ints(random.nextInt(8), 0, 5)
              .mapToObj(c -> "\0a\ud83d\ude00\u00e9".substring(c, c + 1))
              .reduce("", String::concat);
      String clean = StorableText.clean(text);
      assertThat(clean).hasSameSizeAs(text);
      assertThat(echo(session, clean)).isEqualTo(clean);
      assertThat(clean.equals(text)).isEqualTo(isStorable(text));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 59, 60, 61})
  void anExcerptNeverCutsACharacterInTwo(int before) {
    String excerpt = StorableText.excerpt("a".repeat(before) + "\ud83d\ude00".repeat(40));
    assertThat(StorableText.clean(excerpt)).isEqualTo(excerpt);
    assertThat(excerpt).hasSizeLessThan(63).endsWith("…");
  }

  private static boolean isStorable(String text) {
    try {
      StorableText.require("text", text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String echo(DSLContext session, String text) {
    return session.select(DSL.val(text)).fetchSingle().value1();
  }
}
