package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.LentSessions;
import dev.qg.fixture.LentSessions.Order;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * A lock excludes nobody on a connection that is lent a session for a transaction only: nothing is
 * worked there, as soon as it is seen.
 */
class SharedSessionsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();
  private final WorkMap workMap = WorkMap.of("Do", job -> runs.incrementAndGet());

  @ParameterizedTest
  @EnumSource
  void refusesToWork(Order order) {
    db.enqueue("Do");
    Qg qg = Qg.create(new LentSessions(db, order).forATransaction(true));
    List<ThrowingCallable> workers =
        List.of(
            () -> qg.lockJob(""),
            () -> Worker.builder(qg, workMap).build().workOne(),
            () -> Worker.builder(qg, workMap).build().work(),
            () -> WorkerPool.builder(qg, workMap).build().start());
    for (ThrowingCallable worker : workers) {
      assertThatThrownBy(worker)
          .isInstanceOf(QgException.class)
          .hasMessageContainingAll("session", "pool_mode=session", "to enqueue");
    }
    assertThat(runs).hasValue(0);
    assertThat(db.advisoryLocks()).isZero();
  }

  /** Its users would commit each other's writes, and an abort would end it for all of them. */
  @Test
  void aPoolRefusesASingleConnectionForEverybody() throws SQLException {
    db.enqueue("Do");
    try (Connection connection = db.connect()) {
      Qg qg = Qg.create(new SingleConnectionDataSource(connection, true));

      WorkerPool pool = WorkerPool.builder(qg, workMap).build();
      assertThatThrownBy(pool::start)
          .isInstanceOf(QgException.class)
          .hasMessageContainingAll("still in use", "connection pool");

      assertThat(runs).hasValue(0);
      assertThat(connection.isValid(1)).isTrue();
    }
  }

  @Test
  void oneWhoWorksByHandLendsASingleConnectionToNobody() throws SQLException {
    db.enqueue("Do");
    try (Connection connection = db.connect()) {
      Qg qg = Qg.create(new SingleConnectionDataSource(connection, true));
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        job.tx().execute("create table written (id int)");

        assertThatThrownBy(() -> qg.enqueue(Job.of("Do")))
            .isInstanceOf(QgException.class)
            .hasMessageContaining("still in use");
        job.delete();
      }
      qg.enqueue(Job.of("Do"));
    }
    assertThat(db.jobs()).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void refusesToWorkWhereManySessionsAreIdle(Order order) {
    db.enqueue("Do");
    for (int idle = 1; idle <= 8; idle++) {
      Qg qg = Qg.create(new LentSessions(db, order).open(idle).forATransaction(true));
      assertThatThrownBy(() -> qg.lockJob("")).isInstanceOf(QgException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void enqueuesAllTheSame(Order order) {
    LentSessions sessions = new LentSessions(db, order).open(3).forATransaction(true);
    Qg qg = Qg.create(sessions);
    qg.enqueue(Job.of("Do"));
    qg.enqueueAll(Collections.nCopies(500, Job.of("Do")));
    DSL.using(sessions, SQLDialect.POSTGRES).transaction(tx -> qg.enqueue(tx, Job.of("Do")));
    assertThat(qg.stats()).singleElement().extracting(JobStats::count).isEqualTo(502L);
    assertThat(db.jobs()).hasSize(502);
  }

  @ParameterizedTest
  @EnumSource
  void worksWhereASessionIsLentAsLongAsItsConnectionIsHeld(Order order) {
    db.enqueue("Do");
    db.enqueue("Do");
    Qg qg = Qg.create(new LentSessions(db, order).open(3));
    assertThat(Worker.builder(qg, workMap).build().workOne()).isTrue();
    try (WorkerPool pool = pool(qg, workMap)) {
      pool.start();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(runs).hasValue(2);
    assertThat(logs.alarms("session_unchecked")).isEmpty();
  }

  @Test
  void saysSoOnceItIsSeenWhereTheDatabaseWasAwayAtTheStart() {
    db.enqueue("Do");
    LentSessions sessions =
        new LentSessions(db, Order.LAST_USED_FIRST).forATransaction(true).away(true);
    try (WorkerPool pool = pool(Qg.create(sessions), workMap)) {
      pool.start();
      await().until(() -> logs.alarms("worker_failing").size() == 1);
      sessions.away(false);
      await().until(() -> logs.alarms("worker_failing").size() == 2);
      assertThat(logs.alarms("worker_failing").get(1).getThrowableProxy().getMessage())
          .contains("pool_mode=session");
      int told = logs.events("worker_failing").size();
      await().until(() -> logs.events("worker_failing").size() >= told + 2);
      assertThat(logs.alarms("worker_failing")).hasSize(2);
      assertThat(runs).hasValue(0);
      assertThat(db.jobs()).hasSize(1);

      sessions.forATransaction(false);
      await().until(() -> db.jobs().isEmpty());
      await().until(() -> logs.events("worker_recovered").size() == 1);
    }
  }

  @Test
  void aPoolTakesNothingMoreWhenItsSessionIsAnotherOne() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch told = new CountDownLatch(1);
    db.enqueue("Do");
    try (LentSessions sessions = new LentSessions(db, Order.IN_TURN).open(4)) {
      WorkFunc untilTold =
          job -> {
            runs.incrementAndGet();
            running.countDown();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              assertThat(job.isLost()).isTrue();
              told.countDown();
              throw e;
            }
          };
      try (WorkerPool pool = pool(Qg.create(sessions), WorkMap.of("Do", untilTold))) {
        pool.start();
        running.await();
        sessions.forATransaction(true);
        assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
        await().until(() -> logs.alarms("lock_session_lost").size() == 1);
        db.enqueue("Do");
        await().until(() -> logs.events("worker_failing").size() >= 3);
        assertThat(logs.alarms("worker_failing").get(0).getThrowableProxy().getMessage())
            .contains("pool_mode=session");
      }
      assertThat(runs).hasValue(1);
    }
  }

  @Test
  void aWorkerIsRefusedOnceALockWasMissing() throws Exception {
    db.enqueue("Do");
    db.enqueue("Do");
    try (LentSessions sessions = new LentSessions(db, Order.IN_TURN).open(4)) {
      WorkFunc whileItChanges =
          job -> {
            runs.incrementAndGet();
            sessions.forATransaction(true);
          };
      Worker worker = Worker.builder(Qg.create(sessions), WorkMap.of("Do", whileItChanges)).build();
      assertThat(worker.workOne()).isTrue();
      assertThat(logs.alarms("lock_missing")).hasSize(1);
      assertThatThrownBy(worker::workOne)
          .isInstanceOf(QgException.class)
          .hasMessageContaining("pool_mode=session");
      assertThat(runs).hasValue(1);
      assertThat(db.jobs()).hasSize(1);
    }
  }

  @Test
  void aLockThatIsMissingOnAConnectionToTheServerRefusesNothing() {
    db.enqueue("Do");
    db.enqueue("Do");
    try (HikariDataSource one = db.pool(1)) {
      WorkFunc unlocking = job -> job.tx().execute("select pg_advisory_unlock(" + job.id() + ")");
      Worker worker = Worker.builder(Qg.create(one), WorkMap.of("Do", unlocking)).build();
      assertThat(worker.workOne()).isTrue();
      assertThat(worker.workOne()).isTrue();
      assertThat(logs.alarms("lock_missing")).hasSize(2);
      assertThat(logs.events("session_ended")).isEmpty();
    }
  }

  @Test
  void worksWhereThereIsNoSecondConnectionToCompareWithAndSaysThat() {
    db.enqueue("Do");
    db.enqueue("Do");
    // Set before it starts: later it would not be heeded.
    HikariDataSource one = db.closeLater(new HikariDataSource());
    one.setJdbcUrl(db.url());
    one.setMaximumPoolSize(1);
    one.setConnectionTimeout(250);
    Qg qg =
        Qg.create(
            new DelegatingDataSource(one) {
              @Override
              public Connection getConnection() throws SQLException {
                return Intercept.opaque(super.getConnection());
              }
            });
    assertThat(Worker.builder(qg, workMap).build().workOne()).isTrue();
    assertThat(Worker.builder(qg, workMap).build().workOne()).isTrue();
    assertThat(logs.alarms("session_unchecked")).hasSize(1);
  }

  private static WorkerPool pool(Qg qg, WorkMap workMap) {
    return WorkerPool.builder(qg, workMap)
        .count(1)
        .interval(Duration.ofMillis(50))
        .listening(false)
        .build();
  }
}
