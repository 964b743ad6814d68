package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.OwnServer;
import dev.qg.fixture.OwnServer.End;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Workers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Workers follow the primary: what was acknowledged is worked on the new one, once as far as the
 * database goes, and a standby is left alone.
 */
@Tag("slow")
class FailoverTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private OwnServer primary;
  private OwnServer standby;

  @BeforeEach
  void startServers() throws SQLException {
    primary = OwnServer.start(Map.of());
    standby = primary.withStandby();
    on(primary, Effects::createTable);
  }

  @AfterEach
  void closeServers() {
    standby.close();
    primary.close();
  }

  @Test
  void noAcknowledgedJobIsLostAndNoneDoneTwiceWhenTheStandbyTakesOver() throws Exception {
    Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    AtomicBoolean enough = new AtomicBoolean();
    HikariDataSource either =
        dataSource(
            "jdbc:postgresql://127.0.0.1:%d,127.0.0.1:%d/postgres?user=postgres"
                    .formatted(primary.port(), standby.port())
                + "&targetServerType=primary&hostRecheckSeconds=1");
    try (Workers workers = new Workers(either, job -> {}).start()) {
      InThread enqueuer =
          InThread.start(
              "enqueuer",
              () -> {
                while (!enough.get()) {
                  try {
                    acknowledged.add(workers.qg().enqueue(Job.of("Write")));
                  } catch (DataAccessException notAcknowledged) {
                    // It may be there all the same.
                  }
                }
              });
      try {
        await().atMost(PATIENCE).until(() -> workers.pool().snapshot().worked() > 50);
        primary.stop(End.KILLED);
        int before = acknowledged.size();
        standby.promote();
        await().atMost(PATIENCE).until(() -> acknowledged.size() > before + 50);
      } finally {
        enough.set(true);
        enqueuer.join();
      }
      on(standby, ctx -> await().atMost(PATIENCE).until(() -> ctx.fetchCount(QUE_JOBS) == 0));
      List<Long> done = new ArrayList<>();
      on(standby, ctx -> Effects.notes(ctx).forEach(note -> done.add(Long.valueOf(note))));
      assertThat(done).doesNotHaveDuplicates();
      acknowledged.removeAll(done);
      assertThat(acknowledged).isEmpty();
      await().until(() -> workers.pool().snapshot().sessionAge().isPresent());
    }
    assertThat(alarms("worker_failing")).doesNotHaveDuplicates();
    assertThat(alarms("listener_failing")).hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void onAStandbyNothingIsBegunUntilItIsThePrimary() throws Exception {
    on(primary, ctx -> ctx.execute("insert into que_jobs (job_class) values ('Write'), ('Do')"));
    on(standby, ctx -> await().until(() -> ctx.fetchCount(QUE_JOBS) == 2));
    try (Workers workers = new Workers(dataSource(standby.url()), job -> {}).start()) {
      await().until(() -> alarms("worker_failing").size() == 2);
      // A second look and a third one, by each.
      await().until(() -> logs.events("worker_failing").size() >= 6);
      assertThat(workers.runs()).isEmpty();
      assertThatThrownBy(() -> workers.qg().lockJob("")).hasMessageContaining("standby");
      assertThat(workers.asked()).isLessThan(40);
      primary.stop(End.FAST);
      standby.promote();
      on(standby, ctx -> await().atMost(PATIENCE).until(() -> ctx.fetchCount(QUE_JOBS) == 0));
      assertThat(workers.runs()).hasSize(2).allSatisfy((id, runs) -> assertThat(runs).isOne());
    }
    assertThat(logs.alarms("worker_failing"))
        .hasSize(2)
        .allMatch(event -> event.getThrowableProxy().getMessage().contains("read-only"));
  }

  private List<String> alarms(String event) {
    return logs.alarms(event).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private HikariDataSource dataSource(String url) {
    HikariDataSource dataSource = db.closeLater(new HikariDataSource());
    dataSource.setJdbcUrl(url);
    dataSource.setConnectionTimeout(1_000);
    dataSource.setInitializationFailTimeout(-1);
    return dataSource;
  }

  private interface Action {
    void on(DSLContext ctx);
  }

  private static void on(OwnServer server, Action action) throws SQLException {
    try (var connection = server.connect()) {
      action.on(DSL.using(connection, SQLDialect.POSTGRES));
    }
  }
}
