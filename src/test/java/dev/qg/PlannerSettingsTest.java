package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What an application sets to bend the plans of its own statements does not reach the statements of
 * the queue, and is back when a connection goes back.
 */
class PlannerSettingsTest {

  private static final List<String> SET =
      List.of(
          "enable_nestloop = off",
          "enable_indexscan = off",
          "enable_tidscan = off",
          "jit = on",
          "jit_above_cost = 0");

  /** What a statement of the queue contains, for which the plan matters. */
  private static final Map<String, String> STATEMENTS =
      Map.of(
          "lock", "pg_try_advisory_lock(",
          "look again", "pg_column_size(",
          "delete many", "\"key\".\"place\"");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  /** The settings with which each of these statements was sent. */
  private final Map<String, TreeSet<String>> seen = new ConcurrentHashMap<>();

  private HikariDataSource connections;
  private Qg qg;

  @BeforeEach
  void aDatabaseWithSettings() {
    for (String setting : SET) {
      db.ctx()
          .execute(
              "do $$ begin execute format('alter database %I set "
                  + setting
                  + "', current_database()); end $$");
    }
    connections = db.pool(4);
    qg =
        db.closeLater(
            Qg.create(
                Intercept.before(
                    connections,
                    (connection, sql) ->
                        STATEMENTS.forEach(
                            (name, part) -> {
                              if (sql.contains(part)) {
                                see(name, connection);
                              }
                            }))));
  }

  @Test
  void doNotReachAPool() throws Exception {
    try (WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("A", job -> {})).count(2).build()) {
      qg.enqueueAll(Stream.generate(() -> Job.of("A")).limit(100).toList());
      pool.start();
      await().until(() -> pool.snapshot().worked() == 100);
    }

    assertThat(seen.keySet()).isEqualTo(STATEMENTS.keySet());
    assertThat(seen.values()).allSatisfy(settings -> assertThat(settings).containsExactly(plain()));
    assertThatTheyAreBack();
  }

  @Test
  void doNotReachAWorker() throws Exception {
    Worker worker = Worker.builder(qg, WorkMap.of("A", job -> {})).build();
    for (int i = 0; i < 3; i++) {
      qg.enqueue(Job.of("A"));
      assertThat(worker.workOne()).isTrue();
      assertThatTheyAreBack();
    }
    assertThat(worker.workOne()).isFalse();

    assertThat(seen.get("lock")).containsExactly(plain());
    assertThatTheyAreBack();
  }

  @Test
  void areNotTouchedOnTheConnectionOfAHandlerInAPool() throws Exception {
    TreeSet<String> ofHandlers = new TreeSet<>();
    WorkMap handlers =
        WorkMap.of("A", job -> job.tx().connection(own -> ofHandlers.add(settings(own))));
    try (WorkerPool pool = WorkerPool.builder(qg, handlers).count(1).build()) {
      qg.enqueue(Job.of("A"));
      pool.start();
      await().until(() -> pool.snapshot().worked() == 1);
    }
    assertThat(ofHandlers).containsExactly("off off off on 0");
  }

  private void assertThatTheyAreBack() throws SQLException {
    for (int i = 0; i < 4; i++) {
      try (Connection connection = connections.getConnection()) {
        assertThat(settings(connection)).isEqualTo("off off off on 0");
      }
    }
  }

  private void see(String statement, Connection connection) {
    seen.computeIfAbsent(statement, name -> new TreeSet<>()).add(settings(connection));
  }

  private static String settings(Connection connection) {
    return DSL.using(connection)
        .fetchSingle(
            "select concat_ws(' ', current_setting('enable_nestloop'),"
                + " current_setting('enable_indexscan'), current_setting('enable_tidscan'),"
                + " current_setting('jit'), current_setting('jit_above_cost'))")
        .get(0, String.class);
  }

  private static String plain() {
    return "on on on on 100000";
  }
}
