package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.ForeignNames;
import dev.qg.fixture.Migrations;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.jooq.DSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The tables can be made beside an application's own, by Flyway or by hand, in any schema. */
class MigrationsTest {

  private static final String[] BOTH = {
    "flyway_schema_history", "orders", "qg_dead_jobs", "qg_schema_history", "que_jobs"
  };

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  @Test
  void areNotInFlywaysDefaultLocation() {
    assertThat(application().load().info().all())
        .extracting("script")
        .containsExactly("V1__orders.sql");
  }

  @Test
  void runAfterTheApplicationsOwn() {
    application().load().migrate();
    Migrations.flyway(db.dataSource()).load().migrate();

    assertThat(tables("public")).containsExactlyInAnyOrder(BOTH);
    assertQueueWorks(Qg.builder(db.dataSource()));
  }

  @Test
  void runBeforeTheApplicationsOwn() {
    Migrations.flyway(db.dataSource()).load().migrate();
    // In a schema that holds tables, Flyway doesn't begin without being told from where.
    application().baselineOnMigrate(true).baselineVersion("0").load().migrate();

    assertThat(tables("public")).containsExactlyInAnyOrder(BOTH);
    assertQueueWorks(Qg.builder(db.dataSource()));
  }

  @Test
  void runOnceHoweverOftenFlywayIsAsked() {
    Flyway ours = Migrations.flyway(db.dataSource()).load();

    assertThat(ours.migrate().migrationsExecuted).isEqualTo(Migrations.count());
    assertThat(ours.migrate().migrationsExecuted).isZero();
    ours.validate();
  }

  @Test
  void runAsPlainSqlAndAgain() {
    DSLContext session = db.session();
    Migrations.runAsPlainSql(session);
    long id = db.enqueue("Greet");
    Migrations.runAsPlainSql(session);

    assertThat(tables("public")).containsExactlyInAnyOrder("qg_dead_jobs", "que_jobs");
    assertThat(db.jobs()).extracting("jobId").containsExactly(id);
    assertQueueWorks(Qg.builder(db.dataSource()));
  }

  @Test
  void canBeTakenOverByFlywayAfterPlainSql() {
    Migrations.runAsPlainSql(db.session());
    Migrations.flyway(db.dataSource()).load().migrate();

    assertQueueWorks(Qg.builder(db.dataSource()));
  }

  /** Of the search path they take the schema of the tables, and nothing else. */
  @Test
  void runNothingForeign() {
    ForeignNames.make(db);
    db.ctx().execute("create schema jobs");
    for (String path : ForeignNames.PATHS) {
      DSLContext session = db.session();
      session.execute("set search_path = jobs, " + path);
      Migrations.runAsPlainSql(session);
      Migrations.runAsPlainSql(session);
      session.execute("drop table jobs.que_jobs, jobs.qg_dead_jobs");
    }
    assertThat(ForeignNames.haveRun(db.ctx())).isFalse();
  }

  @Test
  void runInASchemaOfTheUsersChoice() {
    Migrations.flyway(db.dataSource()).defaultSchema("jobs").load().migrate();

    assertThat(tables("jobs"))
        .containsExactlyInAnyOrder("qg_dead_jobs", "qg_schema_history", "que_jobs");
    assertThat(tables("public")).isEmpty();
    assertQueueWorks(Qg.builder(db.dataSource()).schema("jobs"));
  }

  @Test
  void runAsPlainSqlInASchemaOfTheUsersChoice() {
    DSLContext session = db.session();
    session.execute("create schema \"The Jobs\"");
    session.execute("set search_path to \"The Jobs\"");
    Migrations.runAsPlainSql(session);

    assertThat(tables("The Jobs")).containsExactlyInAnyOrder("qg_dead_jobs", "que_jobs");
    assertThat(tables("public")).isEmpty();
    assertQueueWorks(Qg.builder(db.dataSource()).schema("The Jobs"));
  }

  @Test
  void leaveAQueueInAnotherSchemaAlone() {
    Migrations.runAsPlainSql(db.session());
    long id = db.enqueue("Greet");
    Migrations.flyway(db.dataSource()).defaultSchema("jobs").load().migrate();

    assertQueueWorks(Qg.builder(db.dataSource()).schema("jobs"));
    assertThat(db.jobs()).extracting("jobId").containsExactly(id);
  }

  /** The application's Flyway with its defaults, which looks in classpath:db/migration. */
  private FluentConfiguration application() {
    return Flyway.configure().dataSource(db.dataSource());
  }

  private List<String> tables(String schema) {
    return db.ctx()
        .fetch("select tablename from pg_tables where schemaname = ?", schema)
        .getValues(0, String.class);
  }

  /** A job is given up, revived and worked: both tables are there and understood. */
  private void assertQueueWorks(Qg.Builder settings) {
    Qg qg =
        db.closeLater(
            settings.retryPolicy("Check", RetryPolicy.builder().maxAttempts(1).build()).build());
    long id = qg.enqueue(Job.of("Check").withPriority(1));
    assertThat(Worker.builder(qg, WorkMap.of("Other", job -> {})).build().workOne()).isTrue();
    assertThat(qg.revive(id)).isTrue();
    assertThat(Worker.builder(qg, WorkMap.of("Check", job -> {})).build().workOne()).isTrue();
    assertThat(qg.stats()).noneMatch(stats -> stats.type().equals("Check"));
  }
}
