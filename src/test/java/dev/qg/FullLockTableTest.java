package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A pool makes do with the room that the server's lock table has, and never stands still; where
 * there is none at all, workers of both kinds wait for it and lose nothing.
 */
@Tag("slow")
class FullLockTableTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch release = new CountDownLatch(1);
  private final Map<Long, Integer> runs = new ConcurrentHashMap<>();

  @Test
  void makesDoWithFewerWhenTheServersLockTableIsFull() throws Exception {
    HikariDataSource dataSource = smallServer();
    try (Qg qg = Qg.create(dataSource);
        Connection greedy = DriverManager.getConnection(dataSource.getJdbcUrl());
        WorkerPool pool =
            WorkerPool.builder(qg, WorkMap.of("Slow", job -> {}))
                .count(4)
                .interval(Duration.ofMillis(50))
                .build()) {
      qg.enqueueAll(Collections.nCopies(3_000, Job.of("Slow")));
      leaveRoomFor(60, greedy);
      pool.start();
      await().until(() -> pool.snapshot().worked() == 3_000);
      assertThat(qg.stats()).isEmpty();
    }
    assertThat(logs.alarms("lock_table_full")).hasSize(1);
    assertThat(logs.alarms("worker_failing"))
        .noneMatch(event -> event.getFormattedMessage().contains("Can't take jobs"));
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void finishesWhatRunsWhenThereIsNoLockLeftAtAll() throws Exception {
    HikariDataSource dataSource = smallServer();
    CountDownLatch running = new CountDownLatch(4);
    WorkMap workMap = slow(running).build();
    try (Qg qg = Qg.create(dataSource);
        Connection greedy = DriverManager.getConnection(dataSource.getJdbcUrl());
        WorkerPool pool = WorkerPool.builder(qg, workMap).count(4).build()) {
      qg.enqueueAll(Collections.nCopies(50, Job.of("Slow")));
      pool.start();
      running.await();
      // A new session would need locks, too.
      await().until(() -> dataSource.getHikariPoolMXBean().getTotalConnections() == 5);
      leaveRoomFor(0, greedy);
      release.countDown();
      await().until(() -> pool.snapshot().worked() == 50);
      DSL.using(greedy).execute("select pg_advisory_unlock_all()");
      assertThat(qg.stats()).isEmpty();
    }
    assertThat(logs.alarms("lock_table_full")).hasSize(1);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void takesItsSpareLocksAgainAndLeavesNoneBehind() throws Exception {
    HikariDataSource dataSource = smallServer();
    CountDownLatch running = new CountDownLatch(2);
    WorkMap workMap = slow(running).add("Fast", job -> {}).build();
    try (Qg qg = Qg.create(dataSource);
        Connection greedy = DriverManager.getConnection(dataSource.getJdbcUrl())) {
      qg.enqueueAll(Collections.nCopies(2, Job.of("Slow")));
      try (WorkerPool pool = WorkerPool.builder(qg, workMap).count(2).build()) {
        pool.start();
        running.await();
        assertThat(spareLocks(greedy)).isEqualTo(4);
        await().until(() -> dataSource.getHikariPoolMXBean().getTotalConnections() == 5);
        leaveRoomFor(0, greedy);
        release.countDown();
        await().until(() -> pool.snapshot().worked() == 2);
        DSL.using(greedy).execute("select pg_advisory_unlock_all()");
        qg.enqueue(Job.of("Fast"));
        await().until(() -> pool.snapshot().worked() == 3);
        assertThat(spareLocks(greedy)).isEqualTo(4);
      }
      assertThat(spareLocks(greedy)).isZero();
    }
  }

  @Test
  void endsWhileThereIsNoLockLeftAndLosesNothing() throws Exception {
    HikariDataSource dataSource = smallServer();
    CountDownLatch running = new CountDownLatch(2);
    WorkMap workMap = slow(running).build();
    try (Qg qg = Qg.create(dataSource);
        Connection greedy = DriverManager.getConnection(dataSource.getJdbcUrl())) {
      qg.enqueueAll(Collections.nCopies(2, Job.of("Slow")));
      WorkerPool pool = db.closeLater(WorkerPool.builder(qg, workMap).count(2).build());
      pool.start();
      running.await();
      await().until(() -> dataSource.getHikariPoolMXBean().getTotalConnections() == 5);
      leaveRoomFor(0, greedy);
      release.countDown();
      assertThat(pool.shutdown(Duration.ofSeconds(10))).isTrue();
      assertThat(pool.snapshot().worked()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @EnumSource
  void goesOnByItselfWhereThereWasNoLockAtTheStart(Way way) throws Exception {
    HikariDataSource dataSource = smallServer();
    try (Qg qg = Qg.create(dataSource);
        Connection greedy = DriverManager.getConnection(dataSource.getJdbcUrl())) {
      qg.enqueueAll(Collections.nCopies(20, Job.of("Do")));
      await().until(() -> dataSource.getHikariPoolMXBean().getTotalConnections() == 5);
      leaveRoomFor(0, greedy);
      way.start(qg, WorkMap.of("Do", this::run), "", "")
          .during(
              () -> {
                // Each try ends one of the five sessions, of which a pool listens on one and keeps
                // one to write on, and without a lock there is no other.
                await().until(() -> logs.events("worker_failing").size() >= 3);
                DSL.using(greedy).execute("select pg_advisory_unlock_all()");
                await()
                    // The connection pool makes pauses of up to 10 s itself.
                    .until(() -> DSL.using(greedy).fetchCount(QUE_JOBS) == 0);
              });
    }
    assertThat(runs).hasSize(20).allSatisfy((id, count) -> assertThat(count).isOne());
    assertThat(logs.alarms("worker_failing")).hasSizeLessThanOrEqualTo(2);
    assertThat(logs.alarms("job_failed")).isEmpty();
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void losesNothingThatRanWhenTheLastLockWasTaken(Way way) throws Exception {
    HikariDataSource dataSource = smallServer();
    CountDownLatch running = new CountDownLatch(2);
    WorkMap workMap = slow(running).add("Do", this::run).build();
    try (Qg qg =
            Qg.builder(dataSource)
                .retryPolicy(RetryPolicy.builder().delay(failures -> Duration.ZERO).build())
                .build();
        Connection greedy = DriverManager.getConnection(dataSource.getJdbcUrl())) {
      qg.enqueueAll(Collections.nCopies(2, Job.of("Slow")));
      qg.enqueueAll(Collections.nCopies(20, Job.of("Do")));
      way.start(qg, workMap, "", "")
          .during(
              () -> {
                running.await();
                await().until(() -> dataSource.getHikariPoolMXBean().getTotalConnections() == 5);
                leaveRoomFor(0, greedy);
                release.countDown();
                await()
                    .until(
                        () ->
                            Stream.of("lock_table_full", "worker_failing")
                                .anyMatch(event -> !logs.alarms(event).isEmpty()));
                DSL.using(greedy).execute("select pg_advisory_unlock_all()");
                await().until(() -> qg.stats().isEmpty());
              });
    }
    assertThat(runs).hasSize(22);
    // A worker has no locks to spare for the end of its job, which is not done without that.
    assertThat(runs)
        .allSatisfy((id, count) -> assertThat(count).isBetween(1, way == Way.POOL ? 1 : 2));
    assertThat(logs.alarms("worker_failing")).hasSizeLessThanOrEqualTo(2);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  private void run(LockedJob job) {
    runs.merge(job.id(), 1, Integer::sum);
  }

  /** A handler that tells when it runs, and waits. */
  private WorkMap.Builder slow(CountDownLatch running) {
    return WorkMap.builder()
        .add(
            "Slow",
            job -> {
              run(job);
              running.countDown();
              release.await();
            });
  }

  private static int spareLocks(Connection connection) {
    return DSL.using(connection)
        .fetchCount(DSL.table("pg_locks"), DSL.condition("locktype = 'advisory' and objsubid = 2"));
  }

  /** With a lock table of some hundred entries. */
  private HikariDataSource smallServer() throws IOException {
    EmbeddedPostgres server =
        db.closeLater(
            EmbeddedPostgres.builder()
                .setServerConfig("max_locks_per_transaction", "10")
                .setServerConfig("max_connections", "20")
                .start());
    Flyway.configure()
        .dataSource(server.getPostgresDatabase())
        .locations("classpath:qg/migration")
        .load()
        .migrate();
    HikariDataSource dataSource = db.closeLater(new HikariDataSource());
    dataSource.setJdbcUrl(server.getJdbcUrl("postgres", "postgres"));
    dataSource.setMaximumPoolSize(5);
    return dataSource;
  }

  /** Takes all locks that there are, and gives some back. */
  private static void leaveRoomFor(int locks, Connection greedy) throws SQLException {
    try (Statement statement = greedy.createStatement()) {
      long taken = 0;
      try {
        while (true) {
          statement.execute("select pg_advisory_lock(-" + (taken + 1) + ")");
          taken++;
        }
      } catch (SQLException e) {
        assertThat(e.getSQLState()).isEqualTo("53200");
      }
      for (long i = 0; i < locks; i++) {
        statement.execute("select pg_advisory_unlock(-" + (taken - i) + ")");
      }
    }
  }
}
