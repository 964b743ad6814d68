package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Gate;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TcpProxy;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever connections are reset at whatever moment: no job is lost, what handlers write through
 * the job's transaction is there once, and workers go on by themselves.
 */
class TornNetworkTest {

  /** Workers pause for up to ten seconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();

  private final List<Way.Running> workers = new ArrayList<>();
  private TcpProxy network;
  private Qg qg;

  @BeforeEach
  void work() {
    Effects.createTable(db.ctx());
    network = db.network();
    qg =
        db.closeLater(
            Qg.builder(db.poolThrough(network, Duration.ofMillis(500), ""))
                .retryPolicy(RetryPolicy.builder().delay(failures -> Duration.ZERO).build())
                .build());
  }

  @AfterEach
  void stop() {
    workers.forEach(Way.Running::close);
  }

  @ParameterizedTest
  @EnumSource
  void isBorneByIdleWorkers(Way way) {
    start(way, job -> Effects.write(job.tx(), "once"));
    db.enqueue("Do");
    await().until(() -> db.jobs().isEmpty());

    network.cut();
    db.enqueue("Do");

    await().until(() -> db.jobs().isEmpty());
    assertThat(Effects.notes(db.ctx())).containsExactly("once", "once");
    assertThat(logs.alarms("worker_failing")).hasSizeLessThanOrEqualTo(1);
    assertThat(logs.alarms("listener_failing")).hasSizeLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void undoesWhatHandlersHaveWritten(Way way) throws Exception {
    start(
        way,
        job -> {
          Effects.write(job.tx(), "run " + runs.incrementAndGet());
          running.countDown();
          if (runs.get() == 1) {
            release.await();
          }
        });
    db.enqueue("Do");
    running.await();

    network.cut();
    release.countDown();

    await().until(() -> db.jobs().isEmpty());
    assertThat(Effects.notes(db.ctx()))
        .containsExactly("run " + runs.get())
        .doesNotContain("run 1");
    assertThat(logs.alarms("worker_failing")).hasSizeLessThanOrEqualTo(2);
  }

  /** What the server has begun it ends, and nobody hears of it. */
  @ParameterizedTest
  @EnumSource
  void losesTheAnswerToACommitThatWasDone(Way way) {
    Gate gate = Gate.closed(db);
    Gate.atCommitOf(db.ctx(), "insert on effects");
    start(way, job -> Effects.write(job.tx(), "run " + runs.incrementAndGet()));
    db.enqueue("Do");
    gate.awaitSomebody();

    network.cut();
    gate.open();

    await().until(() -> db.jobs().isEmpty());
    await("nobody works it").until(() -> db.openTransactions() == 0);
    assertThat(Effects.notes(db.ctx())).containsExactly("run 1");
  }

  /** Of a job that has not used its transaction. */
  @ParameterizedTest
  @EnumSource
  void losesTheAnswerToADeletionThatWasDone(Way way) {
    Gate gate = Gate.closed(db);
    Gate.atEach(db.ctx(), "delete on que_jobs");
    start(way, job -> runs.incrementAndGet());
    db.enqueue("Do");
    gate.awaitSomebody();

    network.cut();
    gate.open();

    await().until(() -> db.jobs().isEmpty());
    db.enqueue("Do");
    await("it goes on").until(() -> db.jobs().isEmpty());
    assertThat(logs.alarms("failure_not_recorded")).hasSizeLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void isSaidOnceWhileThereIsNone(Way way) {
    start(way, job -> Effects.write(job.tx(), "once"));
    db.enqueue("Do");
    await().until(() -> db.jobs().isEmpty());

    network.disconnect();
    db.enqueue("Do");
    await().until(() -> logs.events("worker_failing").size() >= 3);
    network.heal();

    await().until(() -> db.jobs().isEmpty());
    await().until(() -> logs.events("worker_recovered").size() == 1);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.alarms("listener_failing")).hasSizeLessThanOrEqualTo(1);
    assertThat(Effects.notes(db.ctx())).containsExactly("once", "once");
  }

  /** Connections are reset in the middle of messages, again and again. */
  @ParameterizedTest
  @ValueSource(longs = 2026)
  void neitherLosesNorDoublesAnything(long seed) {
    Random random = new Random(seed);
    Set<String> known = new ConcurrentSkipListSet<>();
    Set<String> unknown = new ConcurrentSkipListSet<>();
    WorkFunc function =
        job -> {
          runs.incrementAndGet();
          Effects.write(job.tx(), job.args().data());
        };
    start(Way.POOL, function, "", "", "");
    start(Way.WORKERS, function);
    AtomicBoolean stop = new AtomicBoolean();
    InThread producer = InThread.start("qg-producer", () -> produce(stop, known, unknown));
    try {
      for (int i = 0; i < 8; i++) {
        int tried = known.size() + unknown.size();
        switch (random.nextInt(3)) {
          case 0 -> network.resetInAnswers();
          case 1 -> network.resetInRequests();
          default -> network.cut();
        }
        await()
            .atMost(PATIENCE)
            .until(() -> known.size() + unknown.size() > tried + 1 || isAhead(known));
        network.heal();
        int written = Effects.notes(db.ctx()).size();
        await().atMost(PATIENCE).until(() -> Effects.notes(db.ctx()).size() > written + 10);
      }
    } finally {
      stop.set(true);
      producer.join();
    }
    await().atMost(PATIENCE).until(() -> db.jobs().isEmpty());
    List<String> notes = Effects.notes(db.ctx());
    assertThat(notes).doesNotHaveDuplicates().containsAll(known);
    Set<String> all = new TreeSet<>(known);
    all.addAll(unknown);
    assertThat(all).containsAll(notes);
  }

  private void start(Way way, WorkFunc function) {
    start(way, function, "");
  }

  private void start(Way way, WorkFunc function, String... queues) {
    workers.add(way.start(qg, WorkMap.of("Do", function), queues));
  }

  /** The producer waits then, also for a network that is torn. */
  private boolean isAhead(Set<String> known) {
    return known.size() >= runs.get() + 50;
  }

  private void produce(AtomicBoolean stop, Set<String> known, Set<String> unknown) {
    for (int i = 0; !stop.get(); i++) {
      // Not further ahead than the workers are slow.
      await().atMost(PATIENCE).until(() -> !isAhead(known) || stop.get());
      String number = String.valueOf(i);
      try {
        qg.enqueue(Job.of("Do").withArgs(number));
        known.add(number);
      } catch (RuntimeException e) {
        unknown.add(number);
      }
    }
  }
}
