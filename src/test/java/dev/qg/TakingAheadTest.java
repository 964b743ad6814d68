package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.flywaydb.core.Flyway;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pool locks what it can start soon, leaves the rest to others, and never more than it may. */
class TakingAheadTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch release = new CountDownLatch(1);

  @Test
  void takesNoMoreThanItsThreadsRunWhileHandlersAreSlow() throws Exception {
    db.qg().enqueueAll(Collections.nCopies(20, Job.of("Slow")));
    CountDownLatch running = new CountDownLatch(2);
    try (WorkerPool pool =
        pool(
            db.qg(),
            job -> {
              running.countDown();
              release.await();
            })) {
      pool.start();
      running.await();
      assertThat(db.advisoryLocks()).isEqualTo(2);
      Worker other = Worker.builder(db.qg(), WorkMap.of("Slow", job -> {})).build();
      for (int i = 0; i < 18; i++) {
        assertThat(other.workOne()).as("the others are free").isTrue();
      }
      assertThat(other.workOne()).isFalse();
      release.countDown();
    }
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void givesBackWhatItTookAheadWhenHandlersBecomeSlow() throws Exception {
    db.qg().enqueueAll(Collections.nCopies(3_000, Job.of("Fast")));
    db.qg().enqueueAll(Collections.nCopies(200, Job.of("Slow").withPriority(200)));
    try (WorkerPool pool =
        WorkerPool.builder(
                db.qg(),
                WorkMap.builder()
                    .add("Fast", job -> {})
                    .add("Slow", job -> release.await())
                    .build())
            .count(2)
            .build()) {
      pool.start();
      await().until(() -> pool.snapshot().givenBack() > 0);
      await().until(() -> db.advisoryLocks() == 2);
      release.countDown();
      await().until(() -> db.jobs().isEmpty());
      assertThat(pool.snapshot().worked()).isEqualTo(3_200);
    }
  }

  @Test
  void holdsNoMoreLocksThanItMay() {
    db.qg().enqueueAll(Collections.nCopies(500, Job.of("Slow")));
    AtomicInteger most = new AtomicInteger();
    try (WorkerPool pool =
        WorkerPool.builder(
                db.qg(),
                WorkMap.of("Slow", job -> most.accumulateAndGet(db.advisoryLocks(), Math::max)))
            .count(3)
            .maxLocked(5)
            .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(most.get()).isBetween(1, 5);
  }

  @Test
  void worksWithFewerLocksThanThreadsWithoutTurningInCircles() {
    db.qg().enqueueAll(Collections.nCopies(50, Job.of("Slow")));
    try (WorkerPool pool =
        WorkerPool.builder(db.qg(), WorkMap.of("Slow", job -> {})).count(3).maxLocked(1).build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
  }

  @Test
  void holdsNothingInVainWhenALookAtAnotherQueueFails() {
    AtomicInteger looks = new AtomicInteger();
    Qg unlucky =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.locks(sql) && looks.incrementAndGet() == 2) {
                    throw new SQLException("canceled", "57014");
                  }
                }));
    db.qg().enqueue(Job.of("Slow").withQueue("a"));
    db.qg().enqueue(Job.of("Slow").withQueue("b"));
    try (WorkerPool pool =
        WorkerPool.builder(unlucky, WorkMap.of("Slow", job -> {}))
            .count(2)
            .queues("a", "b")
            .build()) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(logs.alarms("worker_failing")).hasSize(1);
  }

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
      await().atMost(Duration.ofSeconds(60)).until(() -> pool.snapshot().worked() == 3_000);
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
    WorkMap workMap =
        WorkMap.of(
            "Slow",
            job -> {
              running.countDown();
              release.await();
            });
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
    WorkMap workMap =
        WorkMap.builder()
            .add(
                "Slow",
                job -> {
                  running.countDown();
                  release.await();
                })
            .add("Fast", job -> {})
            .build();
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
    WorkMap workMap =
        WorkMap.of(
            "Slow",
            job -> {
              running.countDown();
              release.await();
            });
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

  private static WorkerPool pool(Qg qg, WorkFunc function) {
    return WorkerPool.builder(qg, WorkMap.of("Slow", function)).count(2).build();
  }
}
