package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Logs;
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
import org.flywaydb.core.Flyway;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pool makes do with the room that the server's lock table has, and never stands still. */
class FullLockTableTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch release = new CountDownLatch(1);

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

  /** A handler that tells when it runs, and waits. */
  private WorkMap.Builder slow(CountDownLatch running) {
    return WorkMap.builder()
        .add(
            "Slow",
            job -> {
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
