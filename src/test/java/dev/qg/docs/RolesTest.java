package dev.qg.docs;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import dev.qg.Job;
import dev.qg.JobStats;
import dev.qg.LockedJob;
import dev.qg.Qg;
import dev.qg.RetryPolicy;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkerPool;
import dev.qg.WorkingJob;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Notifications;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The roles of docs/operating.md can do their part, by the grants there, and need each of them. */
class RolesTest {

  private static final Document OPERATING = Document.read("docs/operating.md");

  private static final WorkFunc FAILING =
      job -> {
        throw new IllegalStateException("no use");
      };

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private Roles roles;

  @BeforeEach
  void makeRoles() {
    roles = Roles.make(db);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qg_enqueue", "qg_work", "qg_stats", "qg_operate"})
  void doesItsPartAndNeedsEachGrantForIt(String role) {
    DataSource dataSource = roles.login(role);
    play(role, dataSource);

    List<String> grants = roles.grants(role);
    assertThat(grants).isNotEmpty();
    for (String grant : grants) {
      roles.revoke(role, grant);
      assertThat(catchThrowable(() -> play(role, dataSource))).as("without %s", grant).isNotNull();
      roles.grant(role, grant);
    }
    play(role, dataSource);
  }

  private void play(String role, DataSource dataSource) {
    db.ctx().execute("truncate que_jobs, qg_dead_jobs");
    Map<String, Part> parts =
        Map.of(
            "qg_enqueue", this::enqueue,
            "qg_work", this::workByHand,
            "qg_stats", this::look,
            "qg_operate", this::operate);
    parts.get(role).play(dataSource);
  }

  private interface Part {
    void play(DataSource dataSource);
  }

  private void enqueue(DataSource dataSource) {
    enqueue(Qg.create(dataSource), dataSource);
    enqueue(Qg.builder(dataSource).notifications(false).build(), dataSource);
  }

  private void enqueue(Qg qg, DataSource dataSource) {
    Job job = Job.of("MyJob");
    qg.enqueue(job);
    qg.enqueue(job.withQueue("q").withPriority(1).withRunAt(Instant.EPOCH).withArgs("[1]"));
    using(dataSource).transaction(cfg -> qg.enqueue(cfg, job));
    assertThat(qg.enqueueAll(List.of(job, job))).hasSize(2);
    assertThat(qg.enqueueAll(Collections.nCopies(1_000, job))).as("by COPY").hasSize(1_000);
  }

  private void workByHand(DataSource dataSource) {
    enqueueOneForEachEnd();
    Qg qg = worker(dataSource);
    for (int i = 0; i < 4; i++) {
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        switch (job.type()) {
          case "Done" -> job.delete();
          case "DoneInTransaction" -> {
            job.tx().execute("select 1");
            job.delete();
          }
          default -> job.error("no use");
        }
      }
    }
    assertEachEnd();
  }

  private void look(DataSource dataSource) {
    db.enqueue("MyJob");
    Qg qg = Qg.create(dataSource);
    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThat(qg.stats()).singleElement().returns(1L, JobStats::countWorking);
      WorkingJob working = qg.working().get(0);
      assertThat(working.id()).isEqualTo(job.id());
      assertThat(working.since()).isPresent();
    }
  }

  private void operate(DataSource dataSource) {
    Qg qg = worker(dataSource);
    long id = qg.enqueue(Job.of("Buried"));
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      job.error("no use");
    }
    assertThat(qg.stats()).isEmpty();
    assertThat(qg.working()).isEmpty();
    DSLContext ctx = using(dataSource);
    assertThat(ctx.fetchValues(DSL.select(QG_DEAD_JOBS.JOB_ID).from(QG_DEAD_JOBS)))
        .containsExactly(id);
    assertThat(qg.revive(id)).isTrue();
    assertThat(db.job(id).getLastError()).isEqualTo("no use");
    ctx.execute(OPERATING.sql("WITH mine"));
    ctx.execute(OPERATING.sql("error_count > 0"));
    ctx.execute(OPERATING.sql("DELETE FROM qg_dead_jobs"));
  }

  @Test
  void enqueuesAlsoWithTheTriggerThatNotifies() {
    db.ctx().execute(OPERATING.sql("CREATE TRIGGER"));
    Notifications notifications = Notifications.of(db);

    DataSource dataSource = roles.login("qg_enqueue");
    enqueue(Qg.builder(dataSource).notifications(false).build(), dataSource);

    assertThat(notifications.heard()).isNotEmpty();
  }

  @Test
  void enqueuesWithNotifications() {
    Notifications notifications = Notifications.of(db);

    Qg.create(roles.login("qg_enqueue")).enqueue(Job.of("MyJob"));

    assertThat(notifications.heard()).hasSize(1);
  }

  @Test
  void readsWhatIsWorkedAlsoWithoutLookingIntoSessions() {
    roles.revoke("qg_stats", "pg_read_all_stats");
    long id = db.enqueue("MyJob");
    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThat(Qg.create(roles.login("qg_stats")).working())
          .singleElement()
          .returns(id, WorkingJob::id)
          .matches(working -> working.applicationName().isPresent())
          .returns(Optional.empty(), WorkingJob::clientAddress)
          .returns(Optional.empty(), WorkingJob::since);
      assertThat(job.id()).isEqualTo(id);
    }
  }

  @Test
  void worksWithAWorker() {
    enqueueOneForEachEnd();
    Worker worker = Worker.builder(worker(roles.login("qg_work")), workMap()).build();

    while (worker.workOne()) {}

    assertEachEnd();
    assertNoComplaints();
  }

  @Test
  void worksWithAPoolThatListens() {
    try (WorkerPool pool =
        WorkerPool.builder(worker(roles.login("qg_work")), workMap())
            .interval(Duration.ofHours(1))
            .build()) {
      pool.start();
      await("the pool listens")
          .until(
              () ->
                  db.sessions("query like 'listen%' and usename = '" + roles.name("qg_work") + "'")
                      == 1);
      // By a client of its own, so that the pool learns of it from the database alone.
      enqueueOneForEachEnd();
      await("all have ended").untilAsserted(this::assertEachEnd);
    }
    assertNoComplaints();
  }

  private void enqueueOneForEachEnd() {
    db.qg()
        .enqueueAll(
            Stream.of("Done", "DoneInTransaction", "Retried", "Buried").map(Job::of).toList());
  }

  private void assertEachEnd() {
    assertThat(db.jobs())
        .singleElement()
        .matches(job -> job.getJobClass().equals("Retried") && job.getErrorCount() == 1);
    assertThat(db.ctx().fetchValues(DSL.select(QG_DEAD_JOBS.JOB_CLASS).from(QG_DEAD_JOBS)))
        .containsExactly("Buried");
  }

  /** Nothing was refused that is only logged. */
  private void assertNoComplaints() {
    assertThat(logs.events("setting_refused")).isEmpty();
    assertThat(logs.all())
        .filteredOn(entry -> entry.getLevel().isGreaterOrEqual(Level.WARN))
        .extracting(Logs::pairs)
        .extracting(pairs -> pairs.get("event"))
        .containsOnly("job_failed", "job_dead");
  }

  private static Qg worker(DataSource dataSource) {
    return Qg.builder(dataSource)
        .retryPolicy("Buried", RetryPolicy.builder().maxAttempts(1).build())
        .build();
  }

  private static WorkMap workMap() {
    return WorkMap.builder()
        .add("Done", job -> {})
        .add("DoneInTransaction", job -> job.tx().execute("select 1"))
        .add("Retried", FAILING)
        .add("Buried", FAILING)
        .build();
  }

  private static DSLContext using(DataSource dataSource) {
    return DSL.using(dataSource, SQLDialect.POSTGRES);
  }
}
