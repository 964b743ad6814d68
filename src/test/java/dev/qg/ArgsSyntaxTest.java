package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.qg.fixture.TestDatabase;
import java.util.List;
import org.jooq.JSON;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Arguments are what the database takes for JSON, which is known before they are sent. */
class ArgsSyntaxTest {

  private static final Job JOB = Job.of("MyJob");

  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "[]",
          " [ ] ",
          "{}",
          "[1,]",
          "[,1]",
          "{\"a\":1,}",
          "{a:1}",
          "{'a':1}",
          "[1 2]",
          "\"\"",
          "\"a\\\"\"",
          "\"\\x\"",
          "\"\\u12\"",
          "\"\\u12G4\"",
          "\"\\uD800\"",
          "\"\t\"",
          "'a'",
          "0",
          "-0",
          "01",
          "-01",
          "+1",
          "1.",
          ".1",
          "1.0e",
          "1e+5",
          "1E-5",
          "1e5.0",
          "-",
          "--1",
          "1_000",
          "0x10",
          "NaN",
          "Infinity",
          "-Infinity",
          "true",
          "TRUE",
          "tru",
          "truely",
          "null",
          "nil",
          "undefined",
          "false",
          "[[[[]]]]",
          "[[[]]",
          "[]]",
          "[] []",
          "{\"a\":{\"b\":[{}]}}",
          "{\"a\"}",
          "{\"a\":}",
          "{\"a\" 1}",
          "{1:2}",
          "{\"a\":1 \"b\":2}",
          "{\"a\":1,\"a\":2}",
          "// x",
          "[1] // x",
          "/* x */ 1",
          "\uFEFF[]",
          "\u00A0[]",
          "[\u000b]",
          "\"\u007f\"",
          "\"\\/\"",
          "[\"a]",
          "\"\\",
          "\"\\u",
          "[\"\\ud83d\\udc18\"]",
          "１",
          "1e999",
          "[1,\n\r\t 2]");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void tellsWhereArgumentsStopBeingJson() {
    assertThatThrownBy(() -> JOB.withArgs("[1, 2"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("args must be JSON, but at index 5 of 5 it is not");
    assertThatThrownBy(() -> JOB.withArgs(JSON.json("{\"a\": hello}")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("args must be JSON, but at index 6 of 12 it is not");
  }

  @Test
  void agreesWithTheDatabaseOnWhatIsJson() {
    for (String text : TEXTS) {
      Throwable refused = catchThrowable(() -> JOB.withArgs(text));
      Throwable refusedByDatabase =
          catchThrowable(() -> db.ctx().fetch("select {0}::json", DSL.val(text)));

      assertThat(refused == null)
          .as("<%s> is refused by us: %s, by the database: %s", text, refused, refusedByDatabase)
          .isEqualTo(refusedByDatabase == null);
    }
  }

  @Test
  void areAcceptedHoweverDeepTheyAreNested() {
    String deep = "[".repeat(100_000) + "]".repeat(100_000);

    assertThat(JOB.withArgs(deep).args().orElseThrow().data()).isEqualTo(deep);
    assertThatThrownBy(() -> JOB.withArgs(deep + "]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at index 200000 of 200001 it is not");
  }
}
