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
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The verdict tells an engine that is broken: its invariants are taken from it in between the
 * library and the driver, at the moment when another worker looks for jobs.
 */
class BrokenEngineTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void anOrder() {
    Orders.createTables(db.ctx());
    db.ctx()
        .transaction(
            tx -> Orders.write(tx.dsl(), List.of(2L), List.of(db.qg().enqueue(tx, Orders.job(2)))));
  }

  @Test
  void asItIsNothingIsRepeatedWhereAnotherLooksInBetween() {
    DataSource watched = db.dataSource();
    for (Predicate<String> moment : moments()) {
      watched = Intercept.before(watched, once(moment, connection -> another().workOne()));
    }
    worker(watched).workOne();
    assertThat(verdict().repeatedCalls()).isZero();
    assertThat(verdict().violations()).isEmpty();
  }

  private static List<Predicate<String>> moments() {
    return List.of(Sql::locks, Sql::looksAgain, Sql::deletes, Sql::commits, Sql::unlocks);
  }

  @Test
  void withoutASecondLookAJobRunsTwice() {
    DataSource blind =
        Intercept.before(
            db.dataSource(),
            once(
                Sql::locks,
                connection -> {
                  execute(connection, "begin isolation level repeatable read; select 1");
                  another().workOne();
                }));
    worker(Intercept.after(blind, once(Sql::looksAgain, same -> execute(same, "commit"))))
        .workOne();
    assertThat(verdict().violations().keySet()).containsExactly(Rule.ONE_AT_A_TIME);
  }

  @Test
  void withAnUnlockBeforeTheCommitAJobRunsTwice() {
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
    worker(hasty).workOne();
    other[0].join();
    assertThat(verdict().violations().keySet()).containsExactly(Rule.ONE_AT_A_TIME);
  }

  @Test
  void whereALockIsLostTheFenceHolds() {
    worker(
            Intercept.before(
                db.dataSource(),
                once(
                    Sql::deletes,
                    connection -> {
                      execute(connection, "select pg_advisory_unlock_all()");
                      another().workOne();
                    })))
        .workOne();
    assertThat(verdict().violations().keySet()).containsExactly(Rule.ONE_AT_A_TIME);
  }

  @Test
  void withoutAFenceItIsDoneTwice() {
    worker(
            Intercept.before(
                db.dataSource(),
                once(
                    Sql::deletes,
                    connection -> {
                      execute(connection, "create temporary table it as select * from que_jobs");
                      execute(connection, "select pg_advisory_unlock_all()");
                      another().workOne();
                      // There is something for the deletion to hit, as if it asked for nothing.
                      execute(connection, "insert into que_jobs select * from it");
                    })))
        .workOne();
    assertThat(verdict().violations().keySet())
        .containsExactly(Rule.NOTHING_DONE_TWICE, Rule.ONE_AT_A_TIME);
  }

  private interface Sabotage {
    void on(Connection connection) throws SQLException;
  }

  private static Step once(Predicate<String> moment, Sabotage sabotage) {
    AtomicBoolean done = new AtomicBoolean();
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

  private Worker another() {
    return worker(db.dataSource());
  }

  private Worker worker(DataSource dataSource) {
    WorkMap workMap = WorkMap.of(Orders.TYPE, job -> Orders.work(db.ctx(), job));
    return Worker.builder(Qg.create(dataSource), workMap).build();
  }

  private Verdict verdict() {
    return Verdict.of(db.ctx());
  }
}
