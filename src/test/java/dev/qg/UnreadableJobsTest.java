package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A job that can't be read is failed without being read, and those around it are worked. Where
 * nothing can be read, that is no job's fault.
 */
class UnreadableJobsTest {

  /** How the jobs are worked. */
  enum Way {
    WORKER,
    BY_HAND,
    POOL
  }

  static Stream<Arguments> waysAndErrors() {
    return Arrays.stream(Way.values())
        .flatMap(
            way ->
                Stream.of("53200", "54000", "22021", "XX001", "57014", "driver", "memory")
                    .map(error -> Arguments.of(way, error)));
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private volatile boolean isSetAside;

  @ParameterizedTest
  @MethodSource("waysAndErrors")
  void failsTheOneThatCannotBeReadAndWorksTheOthers(Way way, String error) throws Exception {
    db.qg().enqueueAll(Collections.nCopies(20, Job.of("Good")));
    long bad = db.enqueue("Bad");
    db.qg().enqueueAll(Collections.nCopies(20, Job.of("Good")));
    DataSource dataSource =
        Intercept.after(
            db.dataSource(),
            (connection, sql) -> {
              if (sql.contains("left(")) {
                isSetAside = true;
              } else if (sql.contains("\"args\"") && !isSetAside && holds(connection, bad)) {
                fail(error);
              }
            });

    work(way, dataSource, 40);

    assertThat(db.jobs())
        .singleElement()
        .returns(bad, QueJobsRecord::getJobId)
        .returns(1, QueJobsRecord::getErrorCount)
        .matches(job -> job.getLastError().contains("as asked"));
    assertThat(logs.alarms("job_failed")).hasSize(1);
    assertThat(logs.alarms("worker_failing")).isEmpty();
    assertThat(logs.alarms("lock_table_full")).isEmpty();
  }

  static Stream<Arguments> waysAndTroubles() {
    return Arrays.stream(Way.values())
        .flatMap(way -> Stream.of("53200", "57014", "memory").map(e -> Arguments.of(way, e)));
  }

  @ParameterizedTest
  @MethodSource("waysAndTroubles")
  void blamesNoJobForWhatPasses(Way way, String trouble) throws Exception {
    db.enqueue("Good");
    AtomicInteger looks = new AtomicInteger();
    DataSource dataSource =
        Intercept.after(
            db.dataSource(),
            (connection, sql) -> {
              if (sql.contains("\"args\"") && looks.incrementAndGet() <= 2) {
                fail(trouble);
              }
            });

    work(way, dataSource, 1);

    assertThat(looks).hasValueGreaterThan(2);
    assertThat(logs.alarms("job_failed")).isEmpty();
    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"42501", "55P03", "58030", "08000"})
  void countsAnErrorOfNoJobWhileNothingCanBeRead(String error) throws Exception {
    db.qg().enqueueAll(Collections.nCopies(3, Job.of("Good")));
    AtomicInteger looks = new AtomicInteger();
    DataSource dataSource =
        Intercept.after(
            db.dataSource(),
            (connection, sql) -> {
              if (sql.contains("\"args\"") && looks.incrementAndGet() <= 3) {
                fail(error);
              }
            });

    work(Way.POOL, dataSource, 3);

    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.alarms("job_failed")).isEmpty();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void keepsNoLockOnAConnectionWhereThereIsNoMemoryToLookForIt() {
    db.enqueue("Good");
    DataSource dataSource =
        Intercept.after(
            db.pool(1),
            (connection, sql) -> {
              if (sql.contains("\"args\"") || sql.contains("\"pg_locks\"")) {
                fail("memory");
              }
            });

    try (Qg qg = Qg.create(dataSource)) {
      assertThatThrownBy(() -> qg.lockJob("")).isNotNull();
      await().until(() -> db.advisoryLocks() == 0);
    }
  }

  private static boolean holds(Connection connection, long id) {
    return DSL.using(connection, SQLDialect.POSTGRES)
        .fetchExists(
            DSL.table("pg_locks"),
            DSL.condition(
                "locktype = 'advisory' and objsubid = 1 and pid = pg_backend_pid() and objid = ?",
                id));
  }

  private static void fail(String error) throws SQLException {
    switch (error) {
      case "driver" -> throw new DateTimeException("as asked");
      case "memory" -> throw new OutOfMemoryError("as asked");
      default -> throw new SQLException("as asked", error);
    }
  }

  private void work(Way way, DataSource dataSource, int good) {
    WorkMap map = WorkMap.builder().add("Good", job -> {}).add("Bad", job -> {}).build();
    RetryPolicy inAnHour = RetryPolicy.builder().delay(Duration.ofHours(1)).build();
    try (Qg qg = Qg.builder(dataSource).retryPolicy(inAnHour).build()) {
      switch (way) {
        case WORKER -> {
          Worker worker = Worker.builder(qg, map).build();
          for (boolean found = true; found; ) {
            found = worker.workOne();
          }
        }
        case BY_HAND -> {
          for (Optional<LockedJob> locked = qg.lockJob("");
              locked.isPresent();
              locked = qg.lockJob("")) {
            try (LockedJob job = locked.get()) {
              job.delete();
            }
          }
        }
        case POOL -> {
          // What was let go is to be found at once, and not by the sweep of the next hour.
          try (WorkerPool pool =
              WorkerPool.builder(qg, map)
                  .count(2)
                  .interval(Duration.ofHours(1))
                  .listening(false)
                  .build()) {
            pool.start();
            await().until(() -> db.ctx().fetchCount(QUE_JOBS, QUE_JOBS.ERROR_COUNT.eq(0)) == 0);
            // Counted after it was committed.
            await().until(() -> pool.snapshot().worked() == good);
          }
        }
      }
    }
  }
}
