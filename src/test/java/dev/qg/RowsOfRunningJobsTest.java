package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody at a console, who takes no advisory locks, changes rows of jobs that run: their key
 * decides whether they are still the same jobs, what was written for those that are not is undone,
 * and others are worked as ever.
 */
class RowsOfRunningJobsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();
  private long id;

  @BeforeEach
  void oneJobWithAnEffect() {
    Effects.createTable(db.ctx());
    id = db.enqueue("Do");
  }

  static Stream<Arguments> ways() {
    return with("");
  }

  static Stream<Arguments> waysAndKeys() {
    return with("priority = 1", "run_at = run_at - interval '1 microsecond'", "queue = 'other'");
  }

  static Stream<Arguments> waysAndOtherChanges() {
    return with("args = '[2]'", "error_count = 7", "priority = priority");
  }

  private static Stream<Arguments> with(String... changes) {
    return Stream.of(Way.values())
        .flatMap(
            way ->
                Stream.of(true, false)
                    .flatMap(
                        inTransaction ->
                            Stream.of(changes)
                                .map(change -> Arguments.of(way, inTransaction, change))));
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aJobThatIsDeletedIsLostWithWhatItHasWritten(Way way, boolean inTransaction, String none)
      throws Exception {
    during(
        way,
        inTransaction,
        () -> {
          db.ctx().deleteFrom(QUE_JOBS).execute();
          release.countDown();
          await().until(() -> logs.alarms("job_lost").size() == 1);
          workOthers();
        });
    assertThat(runs).hasValue(1);
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(logs.alarms("job_lost").get(0).getFormattedMessage())
        .as("nobody is known to have had it")
        .contains("was gone or had changed")
        .contains("without the job's lock");
  }

  @ParameterizedTest
  @MethodSource("waysAndKeys")
  void aJobWhoseKeyIsChangedRunsAgainAndHasWrittenOnce(
      Way way, boolean inTransaction, String change) throws Exception {
    during(
        way,
        inTransaction,
        () -> {
          assertThat(db.ctx().execute("update que_jobs set " + change)).isOne();
          release.countDown();
          await().until(() -> db.jobs().isEmpty());
        });
    assertThat(runs).hasValue(2);
    assertThat(Effects.notes(db.ctx())).hasSize(inTransaction ? 1 : 0);
    assertThat(logs.alarms("job_lost")).hasSize(1);
  }

  /** As many callers ask for jobs in a loop, until there is none. */
  @Test
  void aJobThatIsLostEachTimeDoesNotLoopHot() {
    WorkFunc movesItself =
        job -> db.ctx().execute("update que_jobs set run_at = run_at - interval '1 s'");
    Worker worker = Worker.builder(db.qg(), WorkMap.of("Do", movesItself)).build();
    long start = System.nanoTime();
    for (int i = 1; i <= 5; i++) {
      assertThat(worker.workOne()).isTrue();
      assertThat(logs.events("job_lost")).hasSize(i);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(450));
  }

  @ParameterizedTest
  @MethodSource("waysAndOtherChanges")
  void aJobWhoseKeyIsTheSameIsDone(Way way, boolean inTransaction, String change) throws Exception {
    during(
        way,
        inTransaction,
        () -> {
          assertThat(db.ctx().execute("update que_jobs set " + change)).isOne();
          release.countDown();
          await().until(() -> db.jobs().isEmpty());
        });
    assertDoneOnce(inTransaction);
  }

  @ParameterizedTest
  @EnumSource
  void aFailureCountsOnFromWhatWasSetMeanwhile(Way way) throws Exception {
    WorkFunc failing =
        job -> {
          running.countDown();
          release.await();
          throw new IllegalStateException("no use");
        };
    way.start(db.qg(), WorkMap.of("Do", failing), "")
        .during(
            () -> {
              running.await();
              db.ctx().execute("update que_jobs set error_count = 7, args = '[2]'");
              release.countDown();
              await().until(() -> db.job(id).getErrorCount() == 8);
            });
    assertThat(db.job(id).getArgs().data()).isEqualTo("[2]");
  }

  /** For longer than who writes many ends is willing to wait. */
  @ParameterizedTest
  @MethodSource("ways")
  void aJobWhoseRowIsHeldIsDoneWhenItIsFree(Way way, boolean inTransaction, String none)
      throws Exception {
    during(
        way,
        inTransaction,
        () -> {
          try (Connection console = console()) {
            holdAndAwaitTheEnd(console, way, inTransaction);
            workOthers();
            assertThat(runs).hasValue(1);
            console.rollback();
            await().until(() -> db.jobs().isEmpty());
          }
        });
    assertDoneOnce(inTransaction);
    assertThat(logs.alarms("end_not_recorded").size()).isLessThanOrEqualTo(1);
    assertThat(logs.alarms("worker_failing").size()).isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void aJobWhoseRowIsHeldAndThenDeletedIsLost(Way way, boolean inTransaction, String none)
      throws Exception {
    during(
        way,
        inTransaction,
        () -> {
          try (Connection console = console()) {
            holdAndAwaitTheEnd(console, way, inTransaction);
            on(console).deleteFrom(QUE_JOBS).where(QUE_JOBS.JOB_ID.eq(id)).execute();
            console.commit();
            await().until(() -> logs.alarms("job_lost").size() == 1);
            workOthers();
          }
        });
    assertThat(runs).hasValue(1);
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  /** Does something while the job runs, and afterwards. */
  private void during(Way way, boolean inTransaction, InThread.Action test) throws Exception {
    WorkMap map =
        WorkMap.builder()
            .add("Do", job -> work(job, inTransaction))
            .add("Others", job -> {})
            .build();
    way.start(db.qg(), map, "", "", "other")
        .during(
            () -> {
              running.await();
              test.run();
            });
  }

  private void work(LockedJob job, boolean inTransaction) throws InterruptedException {
    if (inTransaction) {
      Effects.write(job.tx(), "written");
    }
    if (runs.incrementAndGet() == 1) {
      running.countDown();
      release.await();
    }
  }

  private Connection console() throws SQLException {
    Connection console = db.connect();
    console.setAutoCommit(false);
    return console;
  }

  private static DSLContext on(Connection console) {
    return DSL.using(console, SQLDialect.POSTGRES);
  }

  /** Locks the row, and waits until the end of its job meets that. */
  private void holdAndAwaitTheEnd(Connection console, Way way, boolean inTransaction) {
    on(console).selectFrom(QUE_JOBS).where(QUE_JOBS.JOB_ID.eq(id)).forUpdate().execute();
    release.countDown();
    if (way == Way.POOL && !inTransaction) {
      await().until(() -> logs.alarms("end_not_recorded").size() == 1);
    } else {
      await().until(() -> db.sessions("wait_event_type = 'Lock'") == 1);
    }
  }

  private void workOthers() {
    List<Long> others =
        db.qg().enqueueAll(List.of(Job.of("Others"), Job.of("Others").withQueue("other")));
    await().until(() -> db.ctx().fetchCount(QUE_JOBS, QUE_JOBS.JOB_ID.in(others)) == 0);
  }

  private void assertDoneOnce(boolean inTransaction) {
    assertThat(runs).hasValue(1);
    assertThat(Effects.notes(db.ctx())).hasSize(inTransaction ? 1 : 0);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }
}
