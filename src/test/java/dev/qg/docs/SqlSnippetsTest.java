package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.qg.fixture.TestDatabase;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The SQL in the documents runs against our tables. */
class SqlSnippetsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  static Stream<Document.Block> sql() {
    return Document.allBlocks("sql");
  }

  @ParameterizedTest
  @MethodSource("sql")
  void runs(Document.Block block) {
    DSLContext session = db.session();
    // Roles belong to the whole server: nothing of it is to stay.
    session.execute("begin");
    assertThatCode(() -> session.execute(block.code())).doesNotThrowAnyException();
    session.execute("rollback");
  }
}
