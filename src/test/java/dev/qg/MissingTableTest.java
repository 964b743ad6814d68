package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where the tables are missing, whatever is tried says how to make them. */
class MissingTableTest {

  private static final Job JOB = Job.of("MyJob");

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  @Test
  void tellsHowToMakeTheTables() {
    Qg qg = db.qg();
    List<ThrowingCallable> calls =
        List.of(
            () -> qg.enqueue(JOB),
            () -> db.ctx().transaction(tx -> qg.enqueue(tx, JOB)),
            () -> qg.enqueueAll(List.of(JOB)),
            () -> qg.enqueueAll(Collections.nCopies(500, JOB)),
            () -> qg.lockJob(""),
            qg::stats,
            qg::working,
            () -> qg.revive(1),
            () -> Worker.builder(qg, WorkMap.of("MyJob", job -> {})).build().workOne());

    for (ThrowingCallable call : calls) {
      assertThatThrownBy(call)
          .isInstanceOfSatisfying(
              DataAccessException.class, e -> assertThat(e.sqlState()).isEqualTo("42P01"))
          .hasMessageContainingAll(
              "search_path", "classpath:qg/migration", "qg_schema_history", "psql");
    }
  }

  @Test
  void tellsInWhichSchemaTheyAreMissing() {
    HikariDataSource pool = db.pool(1);
    try (Qg qg = Qg.builder(pool).schema("jobs").build()) {
      assertThatThrownBy(() -> qg.enqueue(JOB))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContainingAll("the schema \"jobs\"", "classpath:qg/migration");
      assertThatThrownBy(() -> qg.enqueueAll(List.of(JOB)))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContainingAll("the schema \"jobs\"", "classpath:qg/migration");
    }
  }

  @Test
  void tellsThatTheTableOfDeadJobsIsMissing() {
    RetryPolicy once = RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(1).build();
    db.ctx().execute("create table que_jobs ()");
    try (Qg qg = Qg.builder(db.dataSource()).retryPolicy(once).build()) {
      assertThatThrownBy(() -> qg.revive(1))
          .hasMessageContainingAll("qg_dead_jobs", "classpath:qg/migration");
      assertThatThrownBy(() -> Worker.builder(qg, WorkMap.of("MyJob", job -> {})).build().work())
          .isInstanceOf(QgException.class)
          .hasMessageContainingAll("maxAttempts", "qg_dead_jobs", "classpath:qg/migration");
    }
  }
}
