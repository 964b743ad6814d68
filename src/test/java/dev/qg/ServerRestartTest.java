package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Gate;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.OwnServer;
import dev.qg.fixture.OwnServer.End;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Workers;
import dev.qg.internal.concurrent.Timings;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * However a server ends, and whatever the workers do at that moment: when it is back they go on by
 * themselves, each committed job is worked, and what was written through its transaction is there
 * once.
 */
@Tag("slow")
class ServerRestartTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static OwnServer server;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @BeforeAll
  static void startServer() {
    server =
        OwnServer.start(
            Map.of(
                // A commit for which this is turned on is done, but its answer never comes.
                "synchronous_standby_names", "nobody",
                "synchronous_commit", "local"));
    Effects.createTable(ctx());
    Gate.atCommitOf(ctx(), "delete on que_jobs");
  }

  @AfterAll
  static void closeServer() {
    server.close();
  }

  @BeforeEach
  void empty() {
    server.startIfStopped();
    ctx().execute("truncate que_jobs, effects");
  }

  @ParameterizedTest
  @CsvSource({"FAST, 0", "IMMEDIATE, 1", "KILLED, 60"})
  void allIsDoneAfterAServerHasEndedInTheMidstOfItAndWasAwayForSoManySeconds(End end, int seconds) {
    // As long as all pauses need to reach their longest.
    Duration away = Timings.scaled(Duration.ofSeconds(seconds));
    enqueue("Write", 200);
    enqueue("Do", 200);
    List<Long> jobs = jobs();
    try (Workers workers = new Workers(dataSource(), job -> {}).start()) {
      await().atMost(PATIENCE).until(() -> jobs().size() < 350);
      server.stop(end);
      long back = System.currentTimeMillis() + away.toMillis();
      int before = workers.asked();
      // Each of them is still there, and tries.
      await()
          .atMost(PATIENCE.plus(away))
          .until(
              () ->
                  Stream.of("Can't take jobs", "Can't work jobs")
                      .map(what -> failures(Level.DEBUG, what))
                      .allMatch(
                          all -> all.stream().anyMatch(event -> event.getTimeStamp() >= back)));
      // Of four threads that go on, with pauses of up to 10 s, and of handlers that were running.
      assertThat(workers.asked() - before).isLessThan(80);
      server.start();
      awaitTheEnd();
      await().until(() -> logs.events("worker_recovered").size() >= 2);
      assertThat(workers.runs()).hasSize(400);
    }
    assertThat(Effects.notes(ctx()))
        .containsExactlyInAnyOrderElementsOf(
            jobs.subList(0, 200).stream().map(String::valueOf).toList());
    assertEachIsToldOnce();
    assertThat(failures(Level.ERROR, "Can't take jobs")).hasSize(1);
    assertThat(failures(Level.ERROR, "Can't work jobs")).hasSize(1);
    assertThat(alarms()).hasSizeLessThan(40);
  }

  @Test
  void endsThatAreToBeWrittenWaitForTheServerAndNothingRunsTwice() throws Exception {
    enqueue("Do", 4);
    CountDownLatch running = new CountDownLatch(4);
    CompletableFuture<Void> release = new CompletableFuture<>();
    try (Workers workers =
        new Workers(
            dataSource(),
            job -> {
              running.countDown();
              // Whatever interrupts it, as may the loss of its lock.
              release.join();
            })) {
      workers.pool().start();
      running.await();
      server.stop(End.IMMEDIATE);
      release.complete(null);
      await().until(() -> failures(Level.ERROR, "Can't write how jobs ended").size() == 1);
      server.start();
      awaitTheEnd();
      await().until(() -> workers.pool().snapshot().worked() == 4);
      assertThat(workers.runs()).hasSize(4).allSatisfy((id, runs) -> assertThat(runs).isOne());
    } finally {
      release.complete(null);
    }
    assertThat(logs.alarms("job_failed")).isEmpty();
    assertEachIsToldOnce();
  }

  @ParameterizedTest
  @EnumSource(names = {"IMMEDIATE", "KILLED"})
  void aCommitWhoseAnswerIsNotHeardIsNotRepeated(End end) {
    enqueue("Write", 3);
    enqueue("Do", 1);
    try (Workers workers =
        new Workers(
            Intercept.before(
                dataSource(),
                (connection, sql) -> {
                  if (sql.contains("delete from")) {
                    connection.createStatement().execute("set synchronous_commit = on");
                  }
                }),
            job -> {})) {
      workers.start();
      // Each of them in a commit of its own, and none before that.
      await().atMost(PATIENCE).until(() -> sessions("wait_event = 'SyncRep'") == 4);
      server.stop(end);
      server.set("synchronous_standby_names", "");
      server.start();
      server.set("synchronous_standby_names", "nobody");
      awaitTheEnd();
      await().until(() -> logs.events("worker_recovered").size() >= 2);
      assertThat(workers.runs()).hasSize(4).allSatisfy((id, runs) -> assertThat(runs).isOne());
    }
    assertThat(Effects.notes(ctx())).hasSize(3).doesNotHaveDuplicates();
    server.stop(End.FAST);
    server.start();
  }

  @Test
  void aCommitThatWasNotDoneIsMadeGoodFor() throws SQLException {
    enqueue("Write", 3);
    enqueue("Do", 2);
    try (Workers workers = new Workers(dataSource(), job -> {});
        var keeper = server.connect()) {
      Gate.closed(DSL.using(keeper));
      workers.start();
      await().atMost(PATIENCE).until(() -> sessions("wait_event = 'advisory'") >= 4);
      server.stop(End.IMMEDIATE);
      server.start();
      awaitTheEnd();
      assertThat(workers.runs()).hasSize(5);
    }
    assertThat(Effects.notes(ctx())).hasSize(3).doesNotHaveDuplicates();
  }

  @Test
  void workersStartBeforeTheServerAndWhileItStartsUp() {
    enqueue("Write", 20);
    server.stop(End.FAST);
    HikariDataSource lazy = db.closeLater(new HikariDataSource());
    lazy.setJdbcUrl(server.url());
    lazy.setConnectionTimeout(250);
    try (Workers workers = new Workers(lazy, job -> {}).start()) {
      await().until(() -> logs.alarms("worker_failing").size() == 2);
      server.makeStartLong();
      try (InThread start = InThread.start("start", server::start)) {
        await().atMost(PATIENCE).until(() -> said("57P03"));
        assertThat(start.isAlive()).isTrue();
        server.finishStart();
      }
      server.set("hot_standby", "on");
      awaitTheEnd();
      assertThat(workers.pool().snapshot().failed()).isZero();
    }
    assertThat(Effects.notes(ctx())).hasSize(20).doesNotHaveDuplicates();
    assertThat(logs.alarms("start_unchecked")).hasSize(2);
    assertEachIsToldOnce();
  }

  private void assertEachIsToldOnce() {
    assertThat(logs.alarms("worker_failing"))
        .extracting(ILoggingEvent::getFormattedMessage)
        .doesNotHaveDuplicates();
    assertThat(logs.alarms("listener_failing")).hasSizeLessThanOrEqualTo(1);
  }

  private List<ILoggingEvent> failures(Level level, String what) {
    return logs.events("worker_failing").stream()
        .filter(event -> event.getFormattedMessage().startsWith(what))
        .filter(event -> event.getLevel().isGreaterOrEqual(level))
        .toList();
  }

  private List<ILoggingEvent> alarms() {
    return logs.all().stream()
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
        .toList();
  }

  private boolean said(String sqlState) {
    return logs.events("worker_failing").stream()
        .anyMatch(
            event -> {
              for (Throwable t = thrown(event); t != null; t = t.getCause()) {
                if (t instanceof SQLException e && sqlState.equals(e.getSQLState())) {
                  return true;
                }
              }
              return false;
            });
  }

  private static Throwable thrown(ILoggingEvent event) {
    return ((ch.qos.logback.classic.spi.ThrowableProxy) event.getThrowableProxy()).getThrowable();
  }

  private static void awaitTheEnd() {
    await().atMost(PATIENCE).until(() -> jobs().isEmpty());
  }

  private static void enqueue(String type, int count) {
    try (Qg qg = Qg.create(dataSource())) {
      qg.enqueueAll(Collections.nCopies(count, Job.of(type)));
    }
  }

  private static List<Long> jobs() {
    return ctx()
        .select(QUE_JOBS.JOB_ID)
        .from(QUE_JOBS)
        .orderBy(QUE_JOBS.JOB_ID)
        .fetch(QUE_JOBS.JOB_ID);
  }

  private static int sessions(String state) {
    return ctx().fetchCount(DSL.table("pg_stat_activity"), DSL.condition(state));
  }

  /** Without a pool: each failure is told at once. */
  private static PGSimpleDataSource dataSource() {
    PGSimpleDataSource dataSource = new PGSimpleDataSource();
    dataSource.setUrl(server.url());
    return dataSource;
  }

  private static DSLContext ctx() {
    return DSL.using(dataSource(), SQLDialect.POSTGRES);
  }
}
