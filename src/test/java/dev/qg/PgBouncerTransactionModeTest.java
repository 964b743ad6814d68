package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.InThread;
import dev.qg.fixture.PgBouncer;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Where PgBouncer lends a session for a transaction, or for a statement, whoever would work jobs is
 * refused, and whoever enqueues them is not.
 */
@Tag("system")
class PgBouncerTransactionModeTest {

  private static final String TRANSACTION = "pool_mode=transaction";
  private static final String STATEMENT = "pool_mode=statement";

  /** How to do without prepared statements. */
  private static final String UNPREPARED = "prepareThreshold=0";

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger runs = new AtomicInteger();
  private final WorkMap workMap = WorkMap.of("MyJob", job -> runs.incrementAndGet());

  /** A way to have statements prepared, or not: of PgBouncer, and of the driver. */
  private record Preparation(String setting, String ofDriver) {}

  static Stream<Preparation> preparations() {
    Stream<Preparation> none = Stream.of(new Preparation("", UNPREPARED));
    return PgBouncer.prepares()
        ? Stream.concat(
            none,
            Stream.of(
                new Preparation("max_prepared_statements=0", UNPREPARED),
                new Preparation("max_prepared_statements=200", "")))
        : none;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        TRANSACTION,
        STATEMENT,
        TRANSACTION + "\nserver_round_robin=1",
        TRANSACTION + "\ndefault_pool_size=1",
        TRANSACTION + "\ndefault_pool_size=2\nserver_round_robin=1",
        // Lets nothing of a session through, but locks get lost by that and not to others.
        TRANSACTION + "\nserver_reset_query_always=1"
      })
  void refusesToWorkWhicheverSessionIsLent(String settings) {
    PgBouncer bouncer = PgBouncer.start(db, settings);
    db.enqueue("MyJob");
    for (ThrowingCallable worker : workers(bouncer.pool(5, ""))) {
      assertRefused(worker);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TRANSACTION, TRANSACTION + "\nserver_round_robin=1"})
  void refusesToWorkWhereManySessionsAreIdle(String settings) throws Exception {
    PgBouncer bouncer = PgBouncer.start(db, settings);
    db.enqueue("MyJob");
    HikariDataSource pool = bouncer.pool(15, "");
    openSessions(pool, 7);
    assertThat(db.sessions("application_name like 'PostgreSQL JDBC%'")).isGreaterThanOrEqualTo(7);
    for (ThrowingCallable worker : workers(pool)) {
      assertRefused(worker);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {TRANSACTION, TRANSACTION + "\nserver_round_robin=1"})
  void refusesToWorkWhileOthersUseThePooler(String settings) {
    PgBouncer bouncer = PgBouncer.start(db, settings);
    db.enqueue("MyJob");
    DSLContext others = DSL.using(bouncer.pool(8, UNPREPARED), SQLDialect.POSTGRES);
    CountDownLatch busy = new CountDownLatch(1_000);
    AtomicBoolean enough = new AtomicBoolean();
    List<InThread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      threads.add(
          InThread.start(
              "other-" + i,
              () -> {
                while (!enough.get()) {
                  others.fetch("select 1");
                  busy.countDown();
                }
              }));
    }
    try {
      await().until(() -> busy.getCount() == 0);
      for (int i = 0; i < 10; i++) {
        for (ThrowingCallable worker : workers(bouncer.pool(3, ""))) {
          assertRefused(worker);
        }
      }
    } finally {
      enough.set(true);
      threads.forEach(InThread::close);
    }
  }

  @ParameterizedTest
  @MethodSource("preparations")
  void enqueuesAllTheSame(Preparation preparation) {
    PgBouncer bouncer = PgBouncer.start(db, TRANSACTION, preparation.setting());
    HikariDataSource pool = bouncer.pool(5, preparation.ofDriver());
    DSLContext ctx = DSL.using(pool, SQLDialect.POSTGRES);
    int all = 0;
    try (Qg qg = Qg.create(pool)) {
      // More often than it takes the driver to have a statement prepared.
      for (int i = 0; i < 10; i++) {
        qg.enqueue(Job.of("MyJob"));
        qg.enqueueAll(List.of(Job.of("MyJob"), Job.of("MyJob")));
        ctx.transaction(
            tx -> {
              qg.enqueue(tx, Job.of("MyJob"));
              qg.enqueueAll(tx, List.of(Job.of("MyJob"), Job.of("MyJob")));
            });
        assertThatThrownBy(
                () ->
                    ctx.transaction(
                        tx -> {
                          qg.enqueue(tx, Job.of("MyJob"));
                          throw new IllegalStateException("undone");
                        }))
            .hasMessage("undone");
        all += 6;
      }
      // So many that they are copied.
      qg.enqueueAll(Collections.nCopies(1_000, Job.of("MyJob")));
      ctx.transaction(tx -> qg.enqueueAll(tx, Collections.nCopies(1_000, Job.of("MyJob"))));
      all += 2_000;
      for (int i = 0; i < 10; i++) {
        assertThat(qg.stats()).singleElement().extracting(JobStats::count).isEqualTo((long) all);
        assertThat(qg.working()).isEmpty();
        assertThat(qg.revive(0)).isFalse();
      }
    }
    assertThat(db.jobs()).hasSize(all);
    workAllDirectly(all);
  }

  @Test
  void enqueuesOneByOneWhereThereAreNoTransactions() {
    PgBouncer bouncer = PgBouncer.start(db, STATEMENT);
    try (Qg qg = Qg.create(bouncer.pool(5, UNPREPARED))) {
      for (int i = 0; i < 10; i++) {
        qg.enqueue(Job.of("MyJob"));
      }
      assertThat(qg.stats()).singleElement().extracting(JobStats::count).isEqualTo(10L);
      assertThat(qg.working()).isEmpty();
      assertThatThrownBy(() -> qg.enqueueAll(List.of(Job.of("MyJob"), Job.of("MyJob"))))
          .isInstanceOf(DataAccessException.class);
    }
    workAllDirectly(10);
  }

  /** As a worker of another process, which has been told where PostgreSQL is. */
  private void workAllDirectly(int all) {
    try (WorkerPool workers = WorkerPool.builder(db.qg(), workMap).build()) {
      workers.start();
      await().until(() -> runs.get() == all);
    }
    assertThat(db.jobs()).isEmpty();
  }

  private List<ThrowingCallable> workers(HikariDataSource pool) {
    return List.of(
        () -> Qg.create(pool).lockJob(""),
        () -> Worker.builder(Qg.create(pool), workMap).build().workOne(),
        () -> Worker.builder(Qg.create(pool), workMap).build().work(),
        () -> WorkerPool.builder(Qg.create(pool), workMap).build().start());
  }

  private void assertRefused(ThrowingCallable worker) {
    assertThatThrownBy(worker)
        .isInstanceOf(QgException.class)
        .hasMessageContainingAll("pool_mode=session", "to enqueue");
    assertThat(runs).hasValue(0);
    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.jobs()).hasSize(1);
  }

  /** Has so many sessions opened by the pooler, which are idle then. */
  private static void openSessions(HikariDataSource pool, int count) throws SQLException {
    List<Connection> connections = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Connection connection = pool.getConnection();
      connections.add(connection);
      connection.setAutoCommit(false);
      connection.createStatement().execute("select 1");
    }
    for (Connection connection : connections) {
      connection.rollback();
      connection.close();
    }
  }
}
