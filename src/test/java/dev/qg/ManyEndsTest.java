package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/**
 * A pool writes the ends of many jobs in few statements, and one that can't be written is nobody
 * else's trouble and is not forgotten.
 */
class ManyEndsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final Map<Long, AtomicInteger> runs = new ConcurrentHashMap<>();

  @Test
  void areDeletedByFewStatements() {
    db.qg().enqueueAll(Collections.nCopies(3_000, Job.of("Do")));
    PoolSnapshot snapshot = work(db.qg(), this::run, 3_000, 0);
    assertThat(snapshot.taken()).isEqualTo(3_000 + snapshot.givenBack());
    assertThat(snapshot.endedByThem()).isEqualTo(3_000);
    assertThat(snapshot.endStatements()).isLessThan(1_500);
    assertThat(snapshot.takes()).isLessThan(1_500);
    assertEachRanOnce(3_000);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void areRetriedByFewStatements() {
    db.qg().enqueueAll(Collections.nCopies(500, Job.of("Do").withQueue("a'b")));
    PoolSnapshot snapshot =
        work(
            db.qg(),
            job -> {
              run(job);
              throw new IllegalStateException("no " + job.id());
            },
            0,
            500);
    assertThat(snapshot.failed()).isEqualTo(500);
    assertEachRanOnce(500);
    assertThat(db.jobs())
        .hasSize(500)
        .allMatch(job -> job.getErrorCount() == 1)
        .allMatch(job -> job.getLastError().contains("no " + job.getJobId()));
  }

  /** As what nobody may delete, or as where the server has no room for what that writes. */
  @ParameterizedTest
  @ValueSource(strings = {"P0001", "53100"})
  void areWrittenButForOneThatTheServerRefuses(String sqlState) {
    db.qg().enqueueAll(Collections.nCopies(100, Job.of("Do")));
    long refused = db.jobs().get(50).getJobId();
    String refuse =
        "begin if old.job_id = %d then raise 'not this one' using errcode = '%s'; end if; return old; end";
    createTrigger("before delete", "for each row", refuse.formatted(refused, sqlState));
    try (WorkerPool pool = pool(deletingWhenAllHaveRun(), this::run)) {
      pool.start();
      await().until(() -> db.jobs().size() == 1);
      assertThat(db.jobs().get(0).getJobId()).isEqualTo(refused);
      await().until(() -> !logs.alarms("worker_failing").isEmpty());
      db.ctx().execute("drop trigger it on que_jobs");
      await().until(() -> db.jobs().isEmpty());
    }
    assertEachRanOnce(100);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.alarms("end_not_recorded").size()).isLessThanOrEqualTo(1);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void areWrittenButForThoseThatSomebodyElseHasLocked() throws SQLException {
    db.qg().enqueueAll(Collections.nCopies(300, Job.of("Do")));
    List<Long> locked = db.jobs().subList(100, 120).stream().map(QueJobsRecord::getJobId).toList();
    try (Connection other = db.connect();
        WorkerPool pool = pool(db.qg(), this::run)) {
      other.setAutoCommit(false);
      DSL.using(other, SQLDialect.POSTGRES)
          .update(QUE_JOBS)
          .set(QUE_JOBS.PRIORITY, QUE_JOBS.PRIORITY)
          .where(QUE_JOBS.JOB_ID.in(locked))
          .execute();
      pool.start();
      await().until(() -> db.jobs().size() == locked.size());
      assertThat(db.jobs()).extracting(QueJobsRecord::getJobId).containsExactlyElementsOf(locked);
      await().until(() -> logs.alarms("end_not_recorded").size() == 10);
      other.rollback();
      await().until(() -> db.jobs().isEmpty());
    }
    assertEachRanOnce(300);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void areKeptWhileTheDatabaseIsAwayAndWrittenWhenItIsBack() throws Exception {
    AtomicBoolean away = new AtomicBoolean();
    CountDownLatch asked = new CountDownLatch(2);
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (away.get() && Sql.deletes(sql)) {
                    asked.countDown();
                    connection.abort(Runnable::run);
                    throw new SQLException("away", "08006");
                  }
                }));
    away.set(true);
    db.qg().enqueueAll(Collections.nCopies(100, Job.of("Do")));
    try (WorkerPool pool = pool(qg, this::run)) {
      pool.start();
      asked.await();
      assertThat(db.jobs()).hasSize(100);
      away.set(false);
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> pool.snapshot().worked() == 100);
    }
    assertEachRanOnce(100);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void areCountedAsOursWhenTheConnectionBreaksBehindTheCommit() {
    AtomicBoolean once = new AtomicBoolean(true);
    Qg qg =
        Qg.create(
            Intercept.after(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql) && once.compareAndSet(true, false)) {
                    connection.abort(Runnable::run);
                    throw new SQLException("broken", "08006");
                  }
                }));
    db.qg().enqueueAll(Collections.nCopies(100, Job.of("Do")));
    work(qg, this::run, 100, 0);
    assertEachRanOnce(100);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void areWrittenOnAnotherSessionWhereTheServerHasEndedThatOfTheFinisher() {
    AtomicBoolean once = new AtomicBoolean(true);
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql)) {
                    awaitAllHandlers();
                    if (sql.contains("unnest") && once.compareAndSet(true, false)) {
                      end(connection.unwrap(PGConnection.class).getBackendPID());
                    }
                  }
                }));
    workThroughTheEndOfTheSession(qg);
    assertThat(once).isFalse();
  }

  @Test
  void areWrittenOnAnotherSessionWhereTheServerEndsThatOfTheFinisherAmidTheDeletion() {
    // What is not undone with the statement.
    db.ctx().execute("create sequence ended");
    createTrigger(
        "after delete",
        "referencing old table as deleted for each statement",
        "begin if (select count(*) from deleted) > 1 and nextval('ended') = 1"
            + " then perform pg_terminate_backend(pg_backend_pid()); end if; return null; end");
    workThroughTheEndOfTheSession(deletingWhenAllHaveRun());
    assertThat(db.ctx().fetchValue("select is_called from ended")).isEqualTo(true);
  }

  @Test
  void areGivenBackByAShutdownThatCanNotWriteThem() throws Exception {
    AtomicBoolean away = new AtomicBoolean(true);
    CountDownLatch asked = new CountDownLatch(1);
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (away.get() && Sql.deletes(sql)) {
                    asked.countDown();
                    throw new SQLException("read only", "25006");
                  }
                }));
    db.enqueue("Do");
    WorkerPool pool = pool(qg, this::run);
    pool.start();
    asked.await();
    assertThat(pool.shutdown(Duration.ofMillis(100))).isFalse();
    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.jobs()).hasSize(1);
    assertThat(pool.shutdown(Duration.ofMillis(100))).as("again").isTrue();
  }

  private void createTrigger(String when, String of, String body) {
    db.ctx()
        .execute("create function it() returns trigger language plpgsql as $it$" + body + "$it$");
    db.ctx().execute("create trigger it " + when + " on que_jobs " + of + " execute function it()");
  }

  private Qg deletingWhenAllHaveRun() {
    return Qg.create(
        Intercept.before(
            db.dataSource(),
            (connection, sql) -> {
              if (Sql.deletes(sql)) {
                awaitAllHandlers();
              }
            }));
  }

  /** So that the ends are many that are written together, but for the first. */
  private void awaitAllHandlers() {
    if (runs.size() < 100) {
      await().until(() -> runs.size() == 100);
    }
  }

  private void end(int pid) {
    db.ctx().execute("select pg_terminate_backend(?)", pid);
    await().until(() -> db.sessions("pid = " + pid) == 0);
  }

  private void workThroughTheEndOfTheSession(Qg qg) {
    db.qg().enqueueAll(Collections.nCopies(100, Job.of("Do")));
    try (WorkerPool pool = pool(qg, this::run)) {
      pool.start();
      await().until(() -> pool.snapshot().worked() == 100);
      await().until(() -> db.advisoryLocks() == 0);
      await().until(() -> logs.events("worker_recovered").size() == 1);
    }
    assertThat(db.jobs()).isEmpty();
    assertEachRanOnce(100);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.alarms("job_lost")).isEmpty();
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
  }

  private void run(LockedJob job) {
    runs.computeIfAbsent(job.id(), id -> new AtomicInteger()).incrementAndGet();
  }

  private void assertEachRanOnce(int jobs) {
    assertThat(runs).hasSize(jobs);
    assertThat(runs.values()).allMatch(count -> count.get() == 1);
  }

  private static WorkerPool pool(Qg qg, WorkFunc function) {
    return WorkerPool.builder(qg, WorkMap.of("Do", function)).queues("", "a'b").count(2).build();
  }

  private static PoolSnapshot work(Qg qg, WorkFunc function, long worked, long failed) {
    try (WorkerPool pool = pool(qg, function)) {
      pool.start();
      await()
          .until(
              () -> {
                PoolSnapshot now = pool.snapshot();
                return now.worked() == worked && now.failed() == failed;
              });
      assertThat(IntStream.of(pool.snapshot().waiting(), pool.snapshot().running()).sum()).isZero();
      return pool.snapshot();
    }
  }
}
