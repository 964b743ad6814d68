package dev.qg.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.Qg;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Intercept.Step;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The verdict tells an engine that is broken: its invariants are taken from it in between the
 * library and the driver, at the moment when another worker looks for jobs.
 */
class BrokenEngineTest {

  private static final String LOCK_SESSIONS =
      "select pg_terminate_backend(l.pid) from pg_locks l join pg_database d on d.oid = l.database"
          + " where l.locktype = 'advisory' and l.objsubid = 1 and d.datname = current_database()";

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<AtomicBoolean> sabotages = new ArrayList<>();
  private final AtomicInteger runs = new AtomicInteger();

  @BeforeEach
  void tables() {
    Orders.createTables(db.ctx());
  }

  /** A worker looks again, and gives a lock back, in one round trip with what is before that. */
  static Stream<Arguments> waysAndMoments() {
    return Stream.of(
            moments(Way.WORKERS, 1, List.of(Sql::locks, Sql::deletes)),
            moments(Way.WORKERS, 2, List.of(Sql::locks, Sql::deletes, Sql::commits, Sql::unlocks)),
            moments(Way.POOL, 1, List.of(Sql::locks, Sql::looksAgain, Sql::deletes, Sql::unlocks)),
            moments(
                Way.POOL,
                2,
                List.of(Sql::locks, Sql::looksAgain, Sql::deletes, Sql::commits, Sql::unlocks)))
        .flatMap(arguments -> arguments);
  }

  private static Stream<Arguments> moments(Way way, int order, List<Predicate<String>> moments) {
    return moments.stream().map(moment -> Arguments.of(way, order, moment));
  }

  @ParameterizedTest
  @MethodSource("waysAndMoments")
  void asItIsNothingIsRepeatedWhereAnotherLooksInBetween(
      Way way, long order, Predicate<String> moment) throws Exception {
    enqueue(order);
    work(way, Intercept.before(db.dataSource(), once(moment, connection -> another().workOne())));
    assertThat(verdict().repeatedCalls()).isZero();
    assertThat(verdict().violations()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void withoutASecondLookAJobRunsTwice(Way way) throws Exception {
    enqueue(2);
    DataSource blind =
        Intercept.before(
            db.dataSource(),
            once(
                Sql::locks,
                connection -> {
                  execute(connection, "begin isolation level repeatable read; select 1");
                  another().workOne();
                }));
    work(way, Intercept.after(blind, once(Sql::looksAgain, same -> execute(same, "commit"))), 2);
    assertThat(verdict().violations().keySet()).containsExactly(Rule.ONE_AT_A_TIME);
  }

  /** A pool's locks are on a session of their own. */
  @Test
  void withAnUnlockBeforeTheCommitAJobRunsTwice() throws Exception {
    enqueue(2);
    InThread[] other = new InThread[1];
    DataSource hasty =
        Intercept.before(
            db.dataSource(),
            once(
                Sql::commits,
                connection -> {
                  execute(connection, "select pg_advisory_unlock_all()");
                  other[0] = InThread.start("another", () -> another().workOne());
                  await("it waits for the row")
                      .until(() -> db.sessions("wait_event_type = 'Lock'") == 1);
                }));
    work(Way.WORKERS, hasty);
    other[0].join();
    assertThat(verdict().violations().keySet()).containsExactly(Rule.ONE_AT_A_TIME);
  }

  static Stream<Arguments> waysAndOrders() {
    return Stream.of(Way.values())
        .flatMap(way -> Stream.of(1, 2).map(order -> Arguments.of(way, order)));
  }

  @ParameterizedTest
  @MethodSource("waysAndOrders")
  void whereALockIsLostTheFenceHolds(Way way, long order) throws Exception {
    enqueue(order);
    work(
        way,
        Intercept.before(
            db.dataSource(),
            once(
                Sql::deletes,
                connection -> {
                  loseLocks(way, connection);
                  another().workOne();
                })));
    assertThat(verdict().violations().keySet()).containsExactly(Rule.ONE_AT_A_TIME);
  }

  @ParameterizedTest
  @EnumSource
  void withoutAFenceItIsDoneTwice(Way way) throws Exception {
    enqueue(2);
    work(
        way,
        Intercept.before(
            db.dataSource(),
            once(
                Sql::deletes,
                connection -> {
                  execute(connection, "create temporary table it as select * from que_jobs");
                  loseLocks(way, connection);
                  another().workOne();
                  // There is something for the deletion to hit, as if it asked for nothing.
                  execute(connection, "insert into que_jobs select * from it");
                })));
    assertThat(verdict().violations().keySet())
        .containsExactly(Rule.NOTHING_DONE_TWICE, Rule.ONE_AT_A_TIME);
  }

  private void loseLocks(Way way, Connection connection) throws SQLException {
    if (way == Way.WORKERS) {
      execute(connection, "select pg_advisory_unlock_all()");
    } else {
      db.ctx().execute(LOCK_SESSIONS);
      await().until(() -> db.advisoryLocks() == 0);
    }
  }

  private interface Sabotage {
    void on(Connection connection) throws SQLException;
  }

  private Step once(Predicate<String> moment, Sabotage sabotage) {
    AtomicBoolean done = new AtomicBoolean();
    sabotages.add(done);
    return (connection, sql) -> {
      if (moment.test(sql) && done.compareAndSet(false, true)) {
        sabotage.on(connection);
      }
    };
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void enqueue(long order) {
    db.ctx().transaction(tx -> Orders.enqueue(db.qg(), tx, List.of(Orders.job(order))));
  }

  private void work(Way way, DataSource dataSource) throws Exception {
    work(way, dataSource, 1);
  }

  /**
   * @param times how often the handler is to begin: a job that is run again may have no row
   */
  private void work(Way way, DataSource dataSource, int times) throws Exception {
    way.start(Qg.create(dataSource), workMap(), "")
        .during(
            () ->
                await()
                    .until(
                        () ->
                            runs.get() >= times
                                && db.jobs().isEmpty()
                                && sabotages.stream().allMatch(AtomicBoolean::get)));
  }

  private Worker another() {
    return Worker.builder(db.qg(), workMap()).build();
  }

  private WorkMap workMap() {
    return WorkMap.of(
        Orders.TYPE,
        job -> {
          runs.incrementAndGet();
          Orders.work(db.ctx(), job);
        });
  }

  private Verdict verdict() {
    return Verdict.of(db.ctx());
  }
}
