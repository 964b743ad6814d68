package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.OwnServer;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Workers;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Workers bear a server that takes no more connections, or that takes nothing: they say so once,
 * begin nothing that they could not end, and go on when it is over.
 */
class ServerLimitsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static OwnServer server;
  private static Connection operator;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final Deque<Connection> crowd = new ArrayDeque<>();

  @BeforeAll
  static void startServer() throws SQLException {
    server = OwnServer.start(Map.of("max_connections", "12"));
    operator = server.connect();
    Effects.createTable(ctx());
  }

  @AfterAll
  static void closeServer() throws SQLException {
    operator.close();
    server.close();
  }

  @BeforeEach
  void empty() {
    ctx().execute("truncate que_jobs, effects");
  }

  @AfterEach
  void leave() throws SQLException {
    while (!crowd.isEmpty()) {
      crowd.pop().close();
    }
  }

  @Test
  void aServerThatIsFullAtTheStartIsWaitedFor() throws SQLException {
    enqueue("Write", 20);
    fillServer();
    try (Workers workers = new Workers(dataSource(), job -> {}).start()) {
      await().until(() -> logs.events("worker_failing").size() >= 6);
      assertThat(workers.asked()).isLessThan(40);
      leave();
      awaitTheEnd();
      assertThat(workers.pool().snapshot().failed()).isZero();
    }
    assertThat(logs.alarms("start_unchecked")).hasSize(2);
    assertAllIsDoneAndToldOnce(20);
  }

  @Test
  void aServerThatIsFullMeanwhileGetsNoMoreJobsBegun() throws Exception {
    enqueue("Do", 100);
    CountDownLatch running = new CountDownLatch(4);
    CountDownLatch full = new CountDownLatch(1);
    try (Workers workers =
        new Workers(
            dataSource(),
            job -> {
              if (isFirst(running)) {
                full.await();
              } else {
                awaitThatEndsCannotBeWritten();
              }
            })) {
      workers.pool().start();
      running.await();
      await().until(() -> sessions("query like 'LISTEN%' or query like 'listen%'") == 1);
      fillServer();
      Workers.endSessionToWrite(ctx());
      fillServer();
      full.countDown();
      await().until(() -> failures("Can't write how jobs ended").size() >= 3);
      // Those that ran, and those that were begun before that was known.
      assertThat(workers.runs()).hasSizeLessThan(20);
      leave();
      awaitTheEnd();
      assertThat(workers.runs()).hasSize(100).allSatisfy((id, runs) -> assertThat(runs).isOne());
    }
    assertAllIsDoneAndToldOnce(0);
  }

  @Test
  void aServerThatTakesNothingGetsNoMoreJobsBegunAndNoneTwice() throws Exception {
    enqueue("Do", 300);
    CountDownLatch running = new CountDownLatch(5);
    CountDownLatch readOnly = new CountDownLatch(1);
    try (Workers workers =
        new Workers(
                hikari(),
                job -> {
                  if (isFirst(running)) {
                    readOnly.await();
                  } else {
                    awaitThatEndsCannotBeWritten();
                  }
                })
            .start()) {
      running.await();
      alterSystem("set default_transaction_read_only = on");
      int before = workers.asked();
      readOnly.countDown();
      await()
          .until(
              () ->
                  failures("Can't write how jobs ended").size() >= 3
                      && failures("Can't work jobs").size() >= 3);
      int begun = workers.runs().size();
      assertThat(begun).isLessThan(20);
      assertThat(workers.pool().snapshot().waiting()).isZero();
      assertThat(workers.asked() - before).isLessThan(40);
      // Nothing is taken and given back meanwhile, and nothing begun again.
      long taken = workers.pool().snapshot().taken();
      await().until(() -> failures("Can't write how jobs ended").size() >= 5);
      assertThat(workers.pool().snapshot().taken()).isEqualTo(taken);
      assertThat(workers.runs()).hasSize(begun);
      alterSystem("reset default_transaction_read_only");
      awaitTheEnd();
      await().until(() -> logs.events("worker_recovered").size() == 2);
      assertThat(workers.runs().values().stream().filter(runs -> runs > 1).count())
          .as("of the Worker's one job, whose end was refused")
          .isLessThanOrEqualTo(1);
    }
    assertAllIsDoneAndToldOnce(0);
  }

  /** Whether it is one of those that begin before the server is what it is about to be. */
  private static boolean isFirst(CountDownLatch running) {
    boolean first = running.getCount() > 0;
    running.countDown();
    return first;
  }

  private void awaitThatEndsCannotBeWritten() {
    await().until(() -> !failures("Can't write how jobs ended").isEmpty());
  }

  private void assertAllIsDoneAndToldOnce(int effects) {
    assertThat(Effects.notes(ctx())).hasSize(effects).doesNotHaveDuplicates();
    assertThat(logs.alarms("worker_failing"))
        .extracting(ILoggingEvent::getFormattedMessage)
        .doesNotHaveDuplicates();
    assertThat(logs.alarms("listener_failing")).hasSizeLessThanOrEqualTo(1);
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  private List<ILoggingEvent> failures(String what) {
    return logs.events("worker_failing").stream()
        .filter(event -> event.getFormattedMessage().startsWith(what))
        .toList();
  }

  /** Connects until nobody else can. */
  private void fillServer() {
    await()
        .until(
            () -> {
              try {
                while (true) {
                  crowd.push(server.connect());
                }
              } catch (SQLException e) {
                return "53300".equals(e.getSQLState());
              }
            });
  }

  private static void alterSystem(String setting) {
    ctx().execute("alter system " + setting);
    ctx().execute("select pg_reload_conf()");
    boolean on = setting.endsWith("on");
    await()
        .until(
            () ->
                on
                    == ctx()
                        .fetchValue("select current_setting('transaction_read_only')")
                        .equals("on"));
  }

  private static void enqueue(String type, int count) {
    try (Qg qg = Qg.create(dataSource())) {
      qg.enqueueAll(Collections.nCopies(count, Job.of(type)));
    }
  }

  private static void awaitTheEnd() {
    await().atMost(PATIENCE).until(() -> ctx().fetchCount(QUE_JOBS) == 0);
  }

  private static int sessions(String state) {
    return ctx().fetchCount(DSL.table("pg_stat_activity"), DSL.condition(state));
  }

  private HikariDataSource hikari() {
    HikariDataSource dataSource = db.closeLater(new HikariDataSource());
    dataSource.setJdbcUrl(server.url());
    dataSource.setMaximumPoolSize(8);
    return dataSource;
  }

  /** Without a pool: each failure is told at once. */
  private static PGSimpleDataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(server.url());
    return dataSource;
  }

  /** On a session that is there when nobody else gets one. */
  private static DSLContext ctx() {
    return DSL.using(operator, SQLDialect.POSTGRES);
  }
}
