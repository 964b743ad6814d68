package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Migrations;
import dev.qg.fixture.RubyQue;
import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import org.flywaydb.core.api.FlywayException;
import org.jooq.DSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.PSQLException;

/** A que_jobs that was there before is adopted if it is Que's version 3, else left as it was. */
class AdoptedTableTest {

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  @Test
  void keepsEachJobOfRubyQue() {
    DSLContext session = db.session();
    RubyQue.migrate(session, 0, 3);
    insertRubyJobs(session);
    String before = contents(session);

    Migrations.flyway(db.dataSource()).load().migrate();

    assertThat(contents(session)).isEqualTo(before);
    assertThat(comment(session)).isEqualTo("3");
  }

  @Test
  void worksTheJobsOfRubyQueAndItsOwnInTheirOrder() {
    DSLContext session = db.session();
    RubyQue.migrate(session, 0, 3);
    insertRubyJobs(session);
    Migrations.flyway(db.dataSource()).load().migrate();
    db.qg().enqueue(Job.of("Ours").withPriority(50));

    List<String> worked = new ArrayList<>();
    WorkFunc note = job -> worked.add(job.id() + " " + job.args() + " " + job.errorCount());
    WorkMap workMap =
        WorkMap.builder().add("SendMail", note).add("Report", note).add("Ours", note).build();
    Worker worker = Worker.builder(db.qg(), workMap).queue("").build();
    while (worker.workOne()) {}

    assertThat(worked).containsExactly("2 [1, \"two\", {\"three\": null}] 3", "4 [] 0", "1 [42] 0");
    assertThat(db.jobs()).extracting("jobId").containsExactly(3L);
  }

  @Test
  void adoptsATableWithoutAComment() {
    // As qg's schema.sql makes it, if whoever copied it left the comment out.
    DSLContext session = db.session();
    RubyQue.migrate(session, 0, 3);
    session.execute("comment on table que_jobs is null");

    Migrations.flyway(db.dataSource()).load().migrate();

    assertThat(comment(session)).isEqualTo("3");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void refusesOtherVersionsOfRubyQueAndChangesNothing(int version) {
    DSLContext session = db.session();
    RubyQue.migrate(session, 0, version);
    session.execute("insert into que_jobs (job_class) values ('SendMail')");
    String before = contents(session);

    assertRefused();

    assertThat(contents(session)).isEqualTo(before);
    assertThat(comment(session)).isEqualTo("" + version);
  }

  @Test
  void refusesAForeignTableAndChangesNothing() {
    DSLContext session = db.session();
    session.execute("create table que_jobs (id bigint primary key, payload jsonb)");
    session.execute("insert into que_jobs values (1, '{}')");
    String before = contents(session);

    assertRefused();

    assertThat(contents(session)).isEqualTo(before);
    assertThat(comment(session)).isNull();
  }

  @Test
  void goesOnOnceRubyQueHasMigratedToVersion3() {
    DSLContext session = db.session();
    RubyQue.migrate(session, 0, 1);
    session.execute("insert into que_jobs (job_class, args) values ('SendMail', '[1]')");
    assertRefused();

    RubyQue.migrate(session, 1, 3);
    Migrations.flyway(db.dataSource()).load().migrate();

    assertThat(Worker.builder(db.qg(), WorkMap.of("SendMail", job -> {})).build().workOne())
        .isTrue();
    assertThat(db.jobs()).isEmpty();
  }

  /** By Flyway and as plain SQL, with a hint of what to do, and without a trace of ours. */
  private void assertRefused() {
    assertThatThrownBy(() -> Migrations.flyway(db.dataSource()).load().migrate())
        .isInstanceOf(FlywayException.class)
        .hasMessageContaining("que_jobs is not the que_jobs of schema version 3")
        .hasMessageContaining("Que.migrate!(version: 3)");
    assertThatThrownBy(() -> Migrations.runAsPlainSql(db.session()))
        .rootCause()
        .isInstanceOfSatisfying(
            PSQLException.class,
            e -> {
              assertThat(e.getSQLState()).isEqualTo("55000");
              assertThat(e.getServerErrorMessage().getHint()).contains("Que.migrate!(version: 3)");
            });
    assertThat(db.ctx().fetchValue("select to_regclass('qg_dead_jobs')::text")).isNull();
  }

  private static void insertRubyJobs(DSLContext session) {
    session.execute(
        """
        insert into que_jobs (queue, priority, run_at, job_class, args, error_count, last_error)
        values ('', 100, now() - interval '1 hour', 'SendMail', '[42]', 0, null),
               ('', 10, now() - interval '1 day', 'Report', '[1, "two", {"three": null}]', 3, 'oops'),
               ('other', 100, now() + interval '1 year', 'Report', '[]', 0, null)
        """);
  }

  /** The definition of the columns and constraints, and the rows as text. */
  private static String contents(DSLContext session) {
    return session.fetch(
            """
            select attname, format_type(atttypid, atttypmod), attnotnull
            from pg_attribute where attrelid = 'que_jobs'::regclass and attnum > 0
            order by attnum
            """)
        + ""
        + session.fetch(
            "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'que_jobs'::regclass")
        + session.fetch("select ctid::text, job::text from que_jobs job order by ctid");
  }

  private static String comment(DSLContext session) {
    return session
        .fetchSingle("select obj_description('que_jobs'::regclass, 'pg_class')")
        .get(0, String.class);
  }
}
