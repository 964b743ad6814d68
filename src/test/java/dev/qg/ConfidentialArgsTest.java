package dev.qg;

import static dev.qg.fixture.Disclosures.HOSTILE;
import static dev.qg.fixture.Disclosures.JOB;
import static dev.qg.fixture.Disclosures.SECRET;
import static dev.qg.fixture.Disclosures.pool;
import static dev.qg.fixture.Disclosures.worker;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Disclosures;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.Collections;
import java.util.stream.Stream;
import org.jooq.JSON;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A job's arguments are in no log entry, no exception and no {@code last_error}, whichever
 * statement the database refuses.
 */
class ConfidentialArgsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final Disclosures told = new Disclosures(db, logs);

  @BeforeEach
  void makeATableForHandlers() {
    db.ctx().execute("create table receipts (args json check (args is null), note text unique)");
  }

  @AfterEach
  void tellsNothingConfidential() {
    told.assertHarmless();
  }

  @ParameterizedTest
  @EnumSource
  void whenAJobDiesAndWhenItCanNotBeMoved(Way way) throws Exception {
    Qg qg = givingUp();
    qg.enqueue(JOB);
    told.work(way, qg, Disclosures::failing);
    db.ctx().execute("alter table qg_dead_jobs add check (args is null) not valid");
    qg.enqueue(JOB);
    told.work(way, qg, Disclosures::failing);
    told.assertEvents("job_dead", "burial_failed");
    assertThat(db.jobs()).singleElement().matches(job -> job.getErrorCount() == 1);
    assertThat(db.jobs().get(0).getLastError())
        .contains("It could not be given up", "violates check constraint", "qg_dead_jobs");
  }

  static Stream<Arguments> handlers() {
    return Stream.<WorkFunc>of(
            job -> job.tx().execute("insert into receipts (args) values (?::json)", args(job)),
            job -> {
              try (PreparedStatement statement =
                  job.connection().prepareStatement("insert into receipts values (?::json)")) {
                for (int i = 0; i < 2; i++) {
                  statement.setString(1, args(job));
                  statement.addBatch();
                }
                statement.executeBatch();
              }
            },
            job -> job.tx().execute("select (?::json ->> 0)::int", args(job)),
            job -> job.tx().execute("select ?::json", args(job) + "}"),
            job -> {
              job.tx().execute("insert into receipts (note) values (?), (?)", args(job), args(job));
            },
            job -> {
              assertThatThrownBy(
                      () -> job.tx().execute("insert into receipts values (?::json)", args(job)))
                  .isInstanceOf(RuntimeException.class);
            },
            job -> Job.of("Next").withArgs(args(job) + "}"),
            job -> Job.of("Next").withArgs(JSON.json(args(job) + "\0")))
        .flatMap(handler -> Stream.of(Way.values()).map(way -> Arguments.of(way, handler)));
  }

  /** What the database quotes of what a handler sends. */
  @ParameterizedTest
  @MethodSource("handlers")
  void whenAHandlersOwnStatementFails(Way way, WorkFunc handler) throws Exception {
    db.qg().enqueue(JOB);
    told.work(way, db.qg(), handler);
    told.assertEvents("job_failed");
    assertThat(db.jobs()).singleElement().matches(job -> job.getErrorCount() == 1);
  }

  /** By something that quotes the arguments in every field that it has. */
  @ParameterizedTest
  @EnumSource
  void whenADeletionIsRefused(Way way) throws Exception {
    refuse("before delete on que_jobs", "old");
    db.qg().enqueue(JOB);
    if (way == Way.POOL) {
      try (WorkerPool pool = pool(db.qg(), job -> {})) {
        pool.start();
        await().until(() -> !logs.events("end_not_recorded").isEmpty());
        db.ctx().execute("drop trigger it on que_jobs");
        await().until(() -> db.jobs().isEmpty());
      }
      told.assertEvents("worker_failing", "worker_recovered", "pool_started", "pool_stopped");
    } else {
      told.work(way, db.qg(), job -> {});
      told.assertEvents("job_failed", "worker_started", "worker_stopped");
    }
  }

  @ParameterizedTest
  @EnumSource
  void whenARetryIsRefused(Way way) throws Exception {
    refuse("before update on que_jobs", "old");
    db.qg().enqueue(JOB);
    if (way == Way.POOL) {
      try (WorkerPool pool = pool(db.qg(), Disclosures::failing)) {
        pool.start();
        await().until(() -> !logs.events("end_not_recorded").isEmpty());
        db.ctx().execute("drop trigger it on que_jobs");
        await().until(() -> db.jobs().get(0).getErrorCount() == 1);
      }
    } else {
      Worker worker = worker(db.qg(), Disclosures::failing);
      told.thrownBy(worker::workOne);
      told.assertEvents("failure_not_recorded");
    }
  }

  @ParameterizedTest
  @EnumSource
  void whenTheCommitIsRefused(Way way) throws Exception {
    db.ctx().execute(QUOTING.formatted("old"));
    db.ctx()
        .execute(
            "create constraint trigger it after delete on que_jobs deferrable initially deferred"
                + " for each row execute function quote()");
    db.qg().enqueue(JOB);
    told.work(way, db.qg(), job -> job.tx().selectOne().execute());
    assertThat(db.jobs().get(0).getLastError()).contains("Can't commit");
  }

  @Test
  void whenAnInsertionIsRefused() {
    db.ctx().execute("alter table que_jobs add constraint it check (args::text = '[]')");
    insert();
    db.ctx().execute("alter table que_jobs drop constraint it");
    refuse("before insert on que_jobs", "new");
    insert();
    db.ctx().execute("drop trigger it on que_jobs");
    db.ctx()
        .execute("alter table que_jobs alter args drop default, alter args type text[] using null");
    insert();
    told.thrownBy(() -> Job.of("Next").withArgs("[\"" + SECRET));
    told.thrownBy(() -> Job.of("Next").withArgs("[\"" + SECRET + "\0\"]"));
  }

  @Test
  void whenARevivalIsRefused() throws Exception {
    Qg qg = givingUp();
    long id = qg.enqueue(JOB);
    told.work(Way.WORKERS, qg, Disclosures::failing);
    refuse("before insert on que_jobs", "new");
    told.thrownBy(() -> qg.revive(id));
  }

  @Test
  void whenAPolicyAndHooksFail() throws Exception {
    JobHooks hooks =
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            job.tx().execute("insert into receipts (args) values (?::json)", args(job));
          }
        };
    RetryPolicy policy =
        RetryPolicy.builder()
            .delay(
                failures -> {
                  db.ctx().execute("select (?)::int", SECRET);
                  return Duration.ZERO;
                })
            .build();
    try (Qg qg =
        Qg.builder(db.dataSource())
            .hooks(hooks)
            .retryPolicy(policy)
            .retryPolicy(HOSTILE + "2", policy)
            .build()) {
      qg.enqueue(JOB);
      told.work(Way.WORKERS, qg, Disclosures::failing);
    }
    told.assertEvents("retry_policy_failed", "retry_policy_unused");
    assertThat(db.jobs().get(0).getLastError()).contains("violates check constraint");
  }

  private void insert() {
    told.thrownBy(() -> db.qg().enqueue(JOB));
    told.thrownBy(() -> db.qg().enqueueAll(Collections.nCopies(10, JOB)));
    told.thrownBy(() -> db.qg().enqueueAll(Collections.nCopies(600, JOB)));
  }

  /** A function that quotes the arguments of a job in every field of an error that it has. */
  private static final String QUOTING =
      """
      create function quote() returns trigger language plpgsql as $$
      begin
        raise exception 'refused' using detail = %1$s.args, hint = %1$s.args;
      end $$""";

  /** Refuses by an error that quotes the arguments, as the server's own errors do. */
  private void refuse(String when, String row) {
    db.ctx()
        .execute(
            """
            create or replace function cast_args() returns trigger language plpgsql as $$
            begin
              perform (%s.args ->> 0)::int;
              return null;
            end $$"""
                .formatted(row));
    db.ctx().execute("create trigger it " + when + " for each row execute function cast_args()");
  }

  private Qg givingUp() {
    return Qg.builder(db.dataSource())
        .retryPolicy(RetryPolicy.builder().maxAttempts(1).build())
        .build();
  }

  private static String args(LockedJob job) {
    return job.args().data();
  }
}
