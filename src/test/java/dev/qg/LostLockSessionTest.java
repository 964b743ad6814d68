package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * When the session that holds a pool's locks is ended, what runs is told, what was not started is
 * free, what another worker has had meanwhile is undone, and the pool goes on with a new session.
 */
class LostLockSessionTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void tellsAHandlerByItsInterruptAndRunsTheJobAgain() throws Exception {
    long id = db.enqueue("Do");
    AtomicBoolean lost = new AtomicBoolean();
    AtomicBoolean interrupted = new AtomicBoolean();
    try (WorkerPool pool =
        pool(
            job -> {
              if (runs.incrementAndGet() > 1) {
                return;
              }
              assertThat(job.isLost()).isFalse();
              running.countDown();
              try {
                release.await();
              } catch (InterruptedException e) {
                interrupted.set(true);
                lost.set(job.isLost());
                throw e;
              }
            })) {
      pool.start();
      running.await();
      endTheSessionThatHolds(id);
      await().until(() -> db.jobs().isEmpty());
      assertThat(pool.snapshot().failed()).isZero();
    }
    assertThat(interrupted).isTrue();
    assertThat(lost).isTrue();
    assertThat(runs).hasValue(2);
    assertThat(logs.events("job_given_back")).hasSize(1);
    assertThat(logs.alarms("lock_session_lost")).hasSize(1);
    assertThat(logs.alarms("worker_failing")).hasSize(1);
    assertThat(logs.events("worker_recovered")).hasSize(1);
  }

  @Test
  void completesWhatFinishesAllTheSameIfNobodyElseHadTheJob() throws Exception {
    long id = db.enqueue("Do");
    try (WorkerPool pool =
        pool(
            job -> {
              Effects.write(job.tx(), "run " + runs.incrementAndGet());
              running.countDown();
              awaitTheLossOf(job);
            })) {
      pool.start();
      running.await();
      endTheSessionThatHolds(id);
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(runs).hasValue(1);
    assertThat(Effects.notes(db.ctx())).containsExactly("run 1");
  }

  @Test
  void undoesWhatWasWrittenForAJobThatAnotherWorkerHasHad() throws Exception {
    long id = db.enqueue("Do");
    try (WorkerPool pool =
        pool(
            job -> {
              Effects.write(job.tx(), "the loser");
              running.countDown();
              awaitTheLossOf(job);
              WorkMap other = WorkMap.of("Do", one -> Effects.write(one.tx(), "the winner"));
              assertThat(Worker.builder(db.qg(), other).build().workOne()).isTrue();
            })) {
      pool.start();
      running.await();
      endTheSessionThatHolds(id);
      await().until(() -> pool.snapshot().lost() == 1);
    }
    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("the winner");
    assertThat(logs.alarms("job_lost")).hasSize(1);
  }

  @Test
  void startsNothingThatWasLockedByTheSessionAndNotStarted() throws Exception {
    Set<Long> started = ConcurrentHashMap.newKeySet();
    AtomicInteger twice = new AtomicInteger();
    try (WorkerPool pool =
        pool(
            job -> {
              if (job.type().equals("Block")) {
                running.countDown();
                awaitTheLossOf(job);
                // Free by now, and worked by somebody else: not to be started here any more.
                WorkMap other =
                    WorkMap.builder()
                        .add("Do", one -> started.add(one.id()))
                        .add("Block", one -> {})
                        .build();
                while (Worker.builder(db.qg(), other).build().workOne()) {
                  runs.incrementAndGet();
                }
              } else if (!started.add(job.id())) {
                twice.incrementAndGet();
              }
            })) {
      pool.start();
      // So many short ones that a number of others is taken ahead.
      db.qg().enqueueAll(Collections.nCopies(2_000, Job.of("Do")));
      await().until(() -> pool.snapshot().worked() == 2_000);
      long id = db.qg().enqueue(Job.of("Block").withPriority(1));
      db.qg().enqueueAll(Collections.nCopies(100, Job.of("Do").withPriority(2)));
      running.await();
      endTheSessionThatHolds(id);
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(twice).hasValue(0);
  }

  @Test
  void isNotLostByAServerThatFailsToSayWhichOneItIs() throws Exception {
    AtomicBoolean failing = new AtomicBoolean();
    List<Long> asked = new CopyOnWriteArrayList<>();
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (failing.get() && sql.equals("select pg_catalog.pg_backend_pid()")) {
                    asked.add(System.nanoTime());
                    throw new SQLException("no memory for that", "53200");
                  }
                }));
    db.enqueue("Do");
    try (WorkerPool pool =
        pool(
            qg,
            job -> {
              runs.incrementAndGet();
              running.countDown();
              release.await();
            })) {
      pool.start();
      running.await();
      failing.set(true);
      await().until(() -> asked.size() >= 2);
      release.countDown();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(runs).hasValue(1);
    assertThat(Duration.ofNanos(asked.get(1) - asked.get(0)))
        .as("it is not asked again at once")
        .isGreaterThan(Duration.ofMillis(90));
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
  }

  private WorkerPool pool(WorkFunc function) {
    return pool(db.qg(), function);
  }

  private static WorkerPool pool(Qg qg, WorkFunc function) {
    return WorkerPool.builder(
            qg, WorkMap.builder().add("Do", function).add("Block", function).build())
        .count(1)
        .interval(Duration.ofMillis(50))
        .build();
  }

  /** Waits as a handler does that takes no notice of its interrupt. */
  private static void awaitTheLossOf(LockedJob job) {
    while (!job.isLost() || !Thread.interrupted()) {
      Thread.onSpinWait();
    }
  }

  private void endTheSessionThatHolds(long id) {
    int pid =
        db.qg().working().stream()
            .filter(working -> working.id() == id)
            .findAny()
            .orElseThrow()
            .pid();
    db.ctx().execute("select pg_terminate_backend(?)", pid);
  }
}
