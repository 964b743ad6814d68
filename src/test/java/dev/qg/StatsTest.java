package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The statistics count the jobs by queue and type, and those that are really being worked. */
class StatsTest {

  private static final Instant EARLY = Instant.parse("2001-02-03T04:05:06Z");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void isEmptyWhereThereAreNoJobs() {
    assertThat(db.qg().stats()).isEmpty();
  }

  /** Step by step as in qg's own test. */
  @Test
  void countsByQueueAndTypeWhatIsWorkedAndWhatHasFailed() {
    enqueue("Q1", "MyJob");
    assertThat(stats()).containsExactly("Q1 MyJob 1 working 0 errored 0 highest 0");

    enqueue("Q1", "MyJob");
    assertThat(stats()).containsExactly("Q1 MyJob 2 working 0 errored 0 highest 0");

    enqueue("Q2", "MyJob");
    enqueue("Q1", "AnotherJob");
    assertThat(stats())
        .containsExactly(
            "Q1 AnotherJob 1 working 0 errored 0 highest 0",
            "Q1 MyJob 2 working 0 errored 0 highest 0",
            "Q2 MyJob 1 working 0 errored 0 highest 0");

    try (LockedJob job = lock("Q1")) {
      assertThat(stats())
          .containsExactly(
              "Q1 AnotherJob 1 working 0 errored 0 highest 0",
              "Q1 MyJob 2 working 1 errored 0 highest 0",
              "Q2 MyJob 1 working 0 errored 0 highest 0");
      job.delete();
      assertThat(stats())
          .containsExactly(
              "Q1 AnotherJob 1 working 0 errored 0 highest 0",
              "Q1 MyJob 1 working 0 errored 0 highest 0",
              "Q2 MyJob 1 working 0 errored 0 highest 0");
    }
    try (LockedJob job = lock("Q1")) {
      job.error("???");
    }
    assertThat(stats())
        .containsExactly(
            "Q1 AnotherJob 1 working 0 errored 0 highest 0",
            "Q1 MyJob 1 working 0 errored 1 highest 1",
            "Q2 MyJob 1 working 0 errored 0 highest 0");
  }

  @Test
  void tellsTheEarliestTimeAndTheHighestCountOfErrors() {
    db.qg().enqueue(Job.of("MyJob").withRunAt(EARLY));
    db.qg().enqueue(Job.of("MyJob").withRunAt(EARLY.plusSeconds(1)));
    db.ctx().execute("update que_jobs set error_count = 7 where run_at > '2001-02-03 04:05:06+00'");

    assertThat(db.qg().stats()).containsExactly(new JobStats("", "MyJob", 2, 0, 1, 7, EARLY));
  }

  @Test
  void countsNoAdvisoryLocksOfOtherDatabases() throws Exception {
    long id = db.enqueue("MyJob");
    String other = db.url().replaceFirst("(jdbc:postgresql://[^/]*/)[^?]*", "$1postgres");
    try (Connection connection = DriverManager.getConnection(other)) {
      DSL.using(connection).execute("select pg_advisory_lock(" + id + ")");

      assertThat(stats()).containsExactly(" MyJob 1 working 0 errored 0 highest 0");
      assertThat(db.qg().working()).isEmpty();
    }
  }

  @Test
  void countsNoLocksWithTwoKeys() {
    long id = db.enqueue("MyJob");
    DSLContext other = db.session();
    other.execute("select pg_advisory_lock(" + (id >> 32) + ", " + (int) id + ")");

    assertThat(stats()).containsExactly(" MyJob 1 working 0 errored 0 highest 0");
    other.execute("select pg_advisory_unlock_all()");
  }

  @Test
  void countsAJobOnceThatSeveralSessionsShare() {
    long id = db.enqueue("MyJob");
    List<DSLContext> sharing = List.of(db.session(), db.session(), db.session());
    sharing.forEach(session -> session.execute("select pg_advisory_lock_shared(" + id + ")"));

    assertThat(stats()).containsExactly(" MyJob 1 working 1 errored 0 highest 0");
    sharing.forEach(session -> session.execute("select pg_advisory_unlock_all()"));
  }

  @Test
  void countsNoLockThatIsOnlyWaitedFor() throws Exception {
    long id = db.enqueue("MyJob");
    DSLContext holder = db.session();
    DSLContext waiter = db.session();
    holder.execute("select pg_advisory_lock(" + id + ")");
    CompletableFuture<Integer> waiting =
        CompletableFuture.supplyAsync(() -> waiter.execute("select pg_advisory_lock(" + id + ")"));
    await()
        .until(
            () ->
                db.ctx()
                        .fetchCount(
                            DSL.table("pg_locks join pg_database on pg_database.oid = database"),
                            DSL.condition(
                                "locktype = 'advisory' and datname = current_database()"
                                    + " and not granted"))
                    == 1);

    assertThat(stats()).containsExactly(" MyJob 1 working 1 errored 0 highest 0");
    assertThat(db.qg().working()).hasSize(1);

    holder.execute("select pg_advisory_unlock_all()");
    waiting.get();
    waiter.execute("select pg_advisory_unlock_all()");
  }

  @Test
  void countsJobsWhateverTheirIdsAre() {
    DSLContext holder = db.session();
    long[] ids = {Long.MIN_VALUE, -1L << 32, -1, 0, (1L << 31), (1L << 32) - 1, Long.MAX_VALUE};
    for (long id : ids) {
      db.ctx()
          .insertInto(QUE_JOBS, QUE_JOBS.JOB_ID, QUE_JOBS.JOB_CLASS)
          .values(id, "Job" + id)
          .execute();
    }
    for (long id : ids) {
      holder.execute("select pg_advisory_lock(" + id + ")");
      assertThat(db.qg().stats())
          .filteredOn(stats -> stats.countWorking() == 1)
          .extracting(JobStats::type)
          .containsExactly("Job" + id);
      holder.execute("select pg_advisory_unlock(" + id + ")");
    }
  }

  @Test
  void countsWhatTheCallersTransactionHasEnqueued() {
    db.ctx()
        .transaction(
            tx -> {
              db.qg().enqueue(tx, Job.of("MyJob"));
              assertThat(db.qg().stats(DSL.using(tx))).hasSize(1);
              assertThat(db.qg().stats()).isEmpty();
            });
    assertThat(db.qg().stats()).hasSize(1);
  }

  @Test
  void countsRightWhileJobsComeAndGo() throws Exception {
    List<LockedJob> held = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      enqueue("held", "MyJob");
      held.add(lock("held"));
    }
    CompletableFuture<Void> traffic =
        CompletableFuture.runAsync(
            () -> {
              for (int i = 0; i < 100; i++) {
                enqueue("busy", "MyJob");
                try (LockedJob job = lock("busy")) {
                  job.tx();
                  job.delete();
                }
              }
            });
    do {
      for (JobStats stats : db.qg().stats()) {
        if (stats.queue().equals("held")) {
          assertThat(stats.count()).isEqualTo(5);
          assertThat(stats.countWorking()).isEqualTo(5);
        } else {
          assertThat(stats.count()).isEqualTo(1);
          assertThat(stats.countWorking()).isBetween(0L, 1L);
        }
      }
    } while (!traffic.isDone());
    traffic.get();
    held.forEach(LockedJob::done);
  }

  private void enqueue(String queue, String type) {
    db.qg().enqueue(Job.of(type).withQueue(queue));
  }

  private LockedJob lock(String queue) {
    return db.qg().lockJob(queue).orElseThrow();
  }

  private List<String> stats() {
    return db.qg().stats(DSL.using(db.dataSource(), SQLDialect.POSTGRES)).stream()
        .map(
            stats ->
                "%s %s %d working %d errored %d highest %d"
                    .formatted(
                        stats.queue(),
                        stats.type(),
                        stats.count(),
                        stats.countWorking(),
                        stats.countErrored(),
                        stats.highestErrorCount()))
        .toList();
  }
}
