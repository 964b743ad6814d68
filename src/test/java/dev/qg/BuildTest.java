package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.jooq.Tables;
import org.junit.jupiter.api.Test;

/**
 * Placeholder: shows that tests run and see the generated code. Delete it with the first real test.
 */
class BuildTest {
  @Test
  void generatedTablesNameNoSchema() {
    assertThat(Tables.QUE_JOBS.getSchema().getName()).isEmpty();
    assertThat(BuildTest.class.getResource("/qg/migration/V1__que_jobs.sql")).isNotNull();
  }
}
