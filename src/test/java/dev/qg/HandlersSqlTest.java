package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever SQL a handler sends in its job's transaction: its job isn't lost, fails visibly where it
 * can't be completed, and others are worked.
 */
class HandlersSqlTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();

  @BeforeEach
  void createTables() {
    Effects.createTable(db.ctx());
    db.ctx().execute("create role nobody_" + db.hashCode());
    db.ctx().execute("create schema other");
    db.ctx().execute("create table other.que_jobs (like que_jobs including all)");
  }

  @AfterEach
  void dropRole() {
    db.ctx().execute("drop role nobody_" + db.hashCode());
  }

  static Stream<Arguments> endings() {
    return Stream.of("commit", "rollback", "end; select 1")
        .flatMap(sql -> Stream.of(Way.values()).map(way -> Arguments.of(way, sql)));
  }

  @ParameterizedTest
  @MethodSource("endings")
  void canNotEndTheTransactionUnnoticed(Way way, String ending) throws Exception {
    long bad = workBadAndGood(way, job -> job.tx().execute(ending));

    assertFailed(bad, "ended by SQL");
  }

  @ParameterizedTest
  @EnumSource
  void canNotGoOnAfterTheEndOfTheTransaction(Way way) throws Exception {
    long bad =
        workBadAndGood(
            way,
            job -> {
              job.tx().execute("commit");
              Effects.write(job.tx(), "outside");
            });

    assertFailed(bad, "ended by SQL");
    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
  }

  static Stream<Arguments> hiding() {
    return Stream.of(
            "set search_path = ''",
            "set search_path = other",
            "set local search_path = other",
            "set role nobody",
            "set local role nobody",
            "set session authorization nobody")
        .flatMap(sql -> Stream.of(Way.values()).map(way -> Arguments.of(way, sql)));
  }

  @ParameterizedTest
  @MethodSource("hiding")
  void failsWhereItHidesTheJobFromItsOwnDeletion(Way way, String set) throws Exception {
    long bad =
        workBadAndGood(
            way, job -> job.tx().execute(set.replace("nobody", "nobody_" + db.hashCode())));

    assertFailed(bad, "");
    assertThat(Effects.notes(db.ctx())).containsExactly("good");
    assertThat(logs.events("job_lost")).isEmpty();
  }

  /** Which may be large, and are not asked for to tell that the job is there. */
  @Test
  void doesNotHaveTheArgsReadAgainByThat() {
    List<String> sent = new CopyOnWriteArrayList<>();
    db.enqueue("Bad");
    Qg qg = Qg.create(Intercept.before(db.pool(1), (connection, sql) -> sent.add(sql)));
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      job.tx().execute("set local search_path = other");
      sent.clear();
      assertThatThrownBy(job::delete).hasMessageContaining("is there, but");
    }
    assertThat(sent)
        .anyMatch(sql -> sql.contains("select"))
        .noneMatch(sql -> sql.contains("\"args\""));
  }

  static Stream<Arguments> harmless() {
    return Stream.of(
            "savepoint one; savepoint two",
            "begin",
            "start transaction",
            "set time zone 'Asia/Tokyo'",
            "set standard_conforming_strings = off",
            "set row_security = off",
            "deallocate all",
            "set transaction isolation level read committed")
        .flatMap(sql -> Stream.of(Way.values()).map(way -> Arguments.of(way, sql)));
  }

  @ParameterizedTest
  @MethodSource("harmless")
  void completesItsJobWhereTheDeletionIsPossible(Way way, String sql) throws Exception {
    workBadAndGood(way, job -> job.tx().execute(sql));

    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
  }

  /** What was set outlives the job on its connection, which the workers must get rid of. */
  @ParameterizedTest
  @EnumSource
  void canNotLeaveASessionOnWhichNothingWorksAnyMore(Way way) throws Exception {
    workBadAndGood(way, job -> job.tx().execute("set default_transaction_read_only = on"));

    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
  }

  @ParameterizedTest
  @EnumSource
  void failsItsJobWhereItEndsItsOwnSession(Way way) throws Exception {
    long bad =
        workBadAndGood(
            way, job -> job.tx().execute("select pg_terminate_backend(pg_backend_pid())"));

    assertFailed(bad, "terminat");
    assertThat(Effects.notes(db.ctx())).containsExactly("good");
    assertThat(runs).as("it is not run again before its failure is recorded").hasValue(1);
  }

  @ParameterizedTest
  @EnumSource
  void failsItsJobWhereItEndsItsOwnSessionAndOthersComeBeforeIt(Way way) throws Exception {
    long bad =
        workBadAndGood(
            way,
            job -> {
              db.qg().enqueue(Job.of("Good").withPriority(0));
              job.tx().execute("select pg_terminate_backend(pg_backend_pid())");
            });

    assertFailed(bad, "terminat");
    assertThat(Effects.notes(db.ctx())).containsExactly("good", "good");
    assertThat(runs).hasValue(1);
  }

  @Test
  void isToldOfTheLockThatItGaveUp() throws Exception {
    workBadAndGood(Way.WORKERS, job -> job.tx().execute("select pg_advisory_unlock_all()"));

    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
    assertThat(logs.alarms("lock_missing")).hasSize(1);
  }

  @Test
  void canNotGiveUpALockOfAPool() throws Exception {
    workBadAndGood(Way.POOL, job -> job.tx().execute("select pg_advisory_unlock_all()"));

    assertThat(Effects.notes(db.ctx())).containsExactly("bad", "good");
    assertThat(logs.alarms("lock_missing")).isEmpty();
  }

  /** Works a job that writes and sends the SQL, and one that comes after it. */
  private long workBadAndGood(Way way, WorkFunc sql) throws Exception {
    long bad = db.qg().enqueue(Job.of("Bad").withPriority(1));
    db.enqueue("Good");
    WorkMap map =
        WorkMap.builder()
            .add(
                "Bad",
                job -> {
                  runs.incrementAndGet();
                  Effects.write(job.tx(), "bad");
                  sql.work(job);
                })
            .add("Good", job -> Effects.write(job.tx(), "good"))
            .build();
    // A worker has one session for lock and handler, a pool one for each.
    try (Qg qg = Qg.create(db.pool(way == Way.POOL ? 5 : 1))) {
      way.start(qg, map, "").during(() -> awaitTheEndOf(bad));
    }
    return bad;
  }

  private void awaitTheEndOf(long bad) {
    await()
        .until(
            () ->
                db.jobs().stream()
                    .allMatch(job -> job.getJobId() == bad && job.getErrorCount() > 0));
  }

  private void assertFailed(long id, String error) {
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains(error);
  }
}
