package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.RetryPolicy;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.fixture.Logs;
import dev.qg.fixture.RubyQue;
import dev.qg.fixture.TestDatabase;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What docs/coming-from-qg.md says of a table that Ruby's Que uses as well. */
class BesideRubyTest {

  private static final Document DOCUMENT = Document.read("docs/coming-from-qg.md");

  /** As Que 0.x enqueues. */
  private static final String INSERT =
      """
      INSERT INTO que_jobs (queue, priority, run_at, job_class, args)
      VALUES ('', 100, now(), 'ByRuby', '[]')
      RETURNING *
      """;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @Test
  void idsThatBeginAnewAreThoseOfDeadJobsUntilTheSequenceIsSet() {
    RetryPolicy once = RetryPolicy.builder().maxAttempts(1).build();
    WorkMap failing =
        WorkMap.of(
            "Fail",
            job -> {
              throw new IllegalStateException("fails");
            });
    try (Qg qg = Qg.builder(db.dataSource()).retryPolicy(once).build()) {
      Worker worker = Worker.builder(qg, failing).build();
      long dead = qg.enqueue(Job.of("Fail"));
      assertThat(worker.workOne()).isTrue();

      // Que.drop! and Que.migrate!
      db.ctx().execute("drop table que_jobs");
      RubyQue.migrate(db.ctx(), 0, 3);
      assertThat(qg.enqueue(Job.of("Fail"))).isEqualTo(dead);
      assertThat(worker.workOne()).isTrue();
      assertThat(logs.alarms("burial_failed")).hasSize(1);

      db.ctx().execute(DOCUMENT.sql("setval"));
      assertThat(qg.enqueue(Job.of("Fail"))).isGreaterThan(dead);
      assertThat(worker.workOne()).isTrue();
      assertThat(logs.alarms("burial_failed")).hasSize(1);
    }
  }

  @Test
  void enqueueingByRubyTakesSelectOnTheWholeTable() {
    Roles roles = Roles.make(db);
    DSLContext ruby = roles.ctx("qg_enqueue");
    assertThatThrownBy(() -> ruby.fetch(INSERT))
        .isInstanceOfSatisfying(
            DataAccessException.class, e -> assertThat(e.sqlState()).isEqualTo("42501"));

    roles.grant("qg_enqueue", "select on que_jobs");

    assertThat(ruby.fetch(INSERT)).hasSize(1);
  }
}
