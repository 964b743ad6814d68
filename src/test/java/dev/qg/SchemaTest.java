package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.conf.MappedSchema;
import org.jooq.conf.RenderMapping;
import org.jooq.conf.Settings;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tables can live in a schema of the user's choice, which need not be on the search path. */
class SchemaTest {

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  @ParameterizedTest
  @ValueSource(strings = {"jobs", "My \"Jobs\"", "it's.a \\ schema"})
  void holdsEverythingThatTheQueueDoes(String schema) {
    migrate(schema);
    DSLContext tables = in(schema);
    RetryPolicy twice = RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(2).build();
    try (Qg qg = Qg.builder(db.dataSource()).schema(schema).retryPolicy(twice).build()) {
      long one = qg.enqueue(Job.of("One"));
      db.ctx().transaction(tx -> qg.enqueue(tx, Job.of("Two").withPriority(1).withArgs("[2]")));
      List<Long> few = qg.enqueueAll(List.of(Job.of("Few"), Job.of("Few").withQueue("q")));
      List<Long> many = qg.enqueueAll(Collections.nCopies(500, Job.of("Many").withQueue("many")));

      assertThat(tables.fetchCount(QUE_JOBS)).isEqualTo(504);
      assertThat(many).startsWith(few.get(1) + 1);
      assertThat(qg.stats()).extracting(JobStats::count).containsExactly(1L, 1L, 1L, 500L, 1L);

      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        assertThat(job.type()).isEqualTo("Two");
        assertThat(qg.working()).singleElement().returns("Two", WorkingJob::type);
        job.tx().execute("select 1");
        job.delete();
      }
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        assertThat(job.id()).isEqualTo(one);
        job.error("first");
      }
      assertThat(tables.fetchSingle(QUE_JOBS, QUE_JOBS.JOB_ID.eq(one)).getLastError())
          .isEqualTo("first");

      List<String> worked = new ArrayList<>();
      Worker worker =
          Worker.builder(
                  qg,
                  WorkMap.builder()
                      .add("Few", job -> worked.add(job.type()))
                      .add(
                          "One",
                          job -> {
                            throw new IllegalStateException("last");
                          })
                      .build())
              .build();
      while (worker.workOne()) {}
      assertThat(worked).containsExactly("Few");
      assertThat(tables.fetchSingle(QG_DEAD_JOBS).getJobId()).isEqualTo(one);
      assertThat(qg.revive(one)).isTrue();
      assertThat(tables.fetchCount(QG_DEAD_JOBS)).isZero();
      assertThat(tables.fetchCount(QUE_JOBS)).isEqualTo(502);
    }
  }

  @Test
  void isWhereAWorkerLooksForTheTablesWhenItStarts() {
    migrate("jobs");
    RetryPolicy once = RetryPolicy.builder().maxAttempts(1).build();
    try (Qg qg = Qg.builder(db.dataSource()).schema("jobs").retryPolicy(once).build()) {
      Worker worker = Worker.builder(qg, WorkMap.of("MyJob", job -> {})).build();
      // Asked to stop before it begins: only the check for the tables is left.
      worker.shutdown();

      worker.work();
    }
  }

  @Test
  void isNotMixedUpWithTheTablesOfAnotherSchema() {
    String schema = "jobs";
    migrate(schema);
    migrate("public");
    try (Qg there = Qg.builder(db.dataSource()).schema(schema).build()) {
      there.enqueue(Job.of("There"));
      db.qg().enqueueAll(List.of(Job.of("Here"), Job.of("Here")));

      assertThat(db.jobs()).hasSize(2);
      assertThat(in(schema).fetchCount(QUE_JOBS)).isEqualTo(1);
      assertThat(there.stats()).extracting(JobStats::type).containsExactly("There");
      assertThat(db.qg().stats()).extracting(JobStats::type).containsExactly("Here");
    }
  }

  private void migrate(String schema) {
    Flyway.configure()
        .dataSource(db.dataSource())
        .locations("classpath:qg/migration")
        .defaultSchema(schema)
        .load()
        .migrate();
  }

  /** How an application reads our tables there. */
  private DSLContext in(String schema) {
    RenderMapping mapping =
        new RenderMapping().withSchemata(new MappedSchema().withInput("").withOutput(schema));
    return DSL.using(
        db.dataSource(), SQLDialect.POSTGRES, new Settings().withRenderMapping(mapping));
  }
}
