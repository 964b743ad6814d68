package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Gate;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TcpProxy;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A network that is silent, one way, or slow: nothing is lost or done twice, whoever is not
 * answered gives up in time, and what is only slow goes on.
 */
class SilentNetworkTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Longer than a pool's session may be silent, which is asked after 2 s and given up after 10. */
  private static final Duration OF_A_POOL = Duration.ofSeconds(25);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();

  private final List<Way.Running> workers = new ArrayList<>();
  private TcpProxy network;

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
    network = db.network();
  }

  @AfterEach
  void stop() {
    network.heal();
    workers.forEach(Way.Running::close);
  }

  @ParameterizedTest
  @EnumSource
  void keepsBackTheAnswerToACommitWhichCountsAllTheSame(Way way) {
    workAndSilenceTheServer(way);

    network.heal();

    await().until(() -> db.jobs().isEmpty() && db.openTransactions() == 0);
    db.enqueue("Do");
    await("it goes on").until(() -> Effects.notes(db.ctx()).size() == 2);
    assertThat(Effects.notes(db.ctx())).containsExactly("run 1", "run 2");
    assertThat(logs.alarms("worker_failing")).isEmpty();
    assertThat(logs.alarms("job_failed")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void keepsNoShutdownFromItsEnd(Way way) {
    workAndSilenceTheServer(way);

    long start = System.nanoTime();
    assertThat(workers.get(0).shutdown(Duration.ofMillis(100))).isFalse();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));

    await("the server has noticed").until(() -> db.advisoryLocks() == 0);
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("run 1");
  }

  /** Has a job worked up to a commit that is done and not answered. */
  private void workAndSilenceTheServer(Way way) {
    Gate gate = Gate.closed(db);
    Gate.atCommitOf(db.ctx(), "insert on effects");
    start(way, "", job -> Effects.write(job.tx(), "run " + runs.incrementAndGet()));
    db.enqueue("Do");
    gate.awaitSomebody();
    network.silenceServer();
    gate.open();
    await("it is committed").until(() -> db.jobs().isEmpty());
  }

  /** What the silence keeps from the server comes too late, and the driver has given up before. */
  @ParameterizedTest
  @EnumSource
  void endsForAHandlerWithItsDriversPatience(Way way) {
    start(
        way,
        "socketTimeout=2",
        job -> {
          Effects.write(job.tx(), "run " + runs.incrementAndGet());
          if (runs.get() == 1) {
            network.silenceClient();
          }
        });
    db.enqueue("Do");
    await()
        .until(() -> logs.alarms("job_failed").size() + logs.alarms("job_given_back").size() > 0);

    network.heal();

    await().until(() -> db.jobs().isEmpty() && db.openTransactions() == 0);
    assertThat(Effects.notes(db.ctx()))
        .containsExactly("run " + runs.get())
        .doesNotContain("run 1");
    assertThat(logs.alarms("worker_failing")).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void endsThePatienceOfAPoolWhichTellsItsHandlersAndGoesOn() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    start(
        Way.POOL,
        "",
        job -> {
          if (runs.incrementAndGet() == 1) {
            running.countDown();
            try {
              new CountDownLatch(1).await();
            } finally {
              interrupted.countDown();
            }
          }
        });
    db.enqueue("Do");
    running.await();

    network.silenceServer();

    await().atMost(OF_A_POOL).until(() -> interrupted.getCount() == 0);
    network.heal();
    await().until(() -> db.jobs().isEmpty());
    assertThat(runs).hasValue(2);
    assertThat(logs.alarms("lock_session_lost")).hasSize(1);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    await().until(() -> logs.events("worker_recovered").size() == 1);
  }

  @Test
  void isBorneWhereItIsOnlySlow() {
    network.delay(250);
    HikariDataSource patient = db.poolThrough(network, PATIENCE, "");
    WorkFunc function =
        job -> {
          Effects.write(job.tx(), "run " + job.id());
          job.tx().fetch("select pg_sleep(2.5)");
        };
    start(Way.POOL, patient, function);
    start(Way.WORKERS, patient, function);
    db.qg().enqueueAll(Collections.nCopies(2, Job.of("Do")));
    await().atMost(PATIENCE).until(() -> db.jobs().isEmpty());
    assertThat(Effects.notes(db.ctx())).hasSize(2).doesNotHaveDuplicates();
    assertThat(logs.all()).noneMatch(entry -> entry.getLevel().isGreaterOrEqual(Level.WARN));
  }

  private void start(Way way, String setting, WorkFunc function) {
    start(way, db.poolThrough(network, Duration.ofMillis(500), setting), function);
  }

  private void start(Way way, DataSource dataSource, WorkFunc function) {
    Qg qg =
        Qg.builder(dataSource)
            .retryPolicy(RetryPolicy.builder().delay(failures -> Duration.ZERO).build())
            .build();
    workers.add(way.start(qg, WorkMap.of("Do", function), ""));
  }
}
