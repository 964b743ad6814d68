package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two workers have the same job, since the first one's lock was lost: what their handlers write is
 * there once, and only one of them decides what becomes of the job.
 */
class FencingTest {

  private static final String LOSE_ALL_LOCKS = "select pg_advisory_unlock_all()";

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final ExecutorService threads = Executors.newFixedThreadPool(2);
  private final CompletableFuture<Integer> stolen = new CompletableFuture<>();
  private final CompletableFuture<Void> goOn = new CompletableFuture<>();
  private long id;

  @BeforeEach
  void oneJobWithAnEffect() {
    Effects.createTable(db.ctx());
    id = db.enqueue("A");
  }

  @AfterEach
  void endTheThreads() throws InterruptedException {
    threads.shutdown();
    assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void theLoserOfALockLosesItsEffect() throws Exception {
    Future<Boolean> first = threads.submit(worker(this::writeLoseTheLockAndWait));
    stolen.join();
    assertThat(worker(job -> Effects.write(job.tx(), "second")).call()).isTrue();
    goOn.complete(null);

    assertThat(first.get()).isTrue();
    assertThat(Effects.notes(db.ctx())).containsExactly("second");
    assertThat(db.jobs()).isEmpty();
    assertThat(logs.events("job_lost")).hasSize(1);
  }

  @Test
  void theThiefLosesItsEffectIfTheFirstIsDoneBefore() throws Exception {
    Future<Boolean> first = threads.submit(worker(this::writeLoseTheLockAndWait));
    stolen.join();
    Callable<Boolean> second =
        worker(
            job -> {
              Effects.write(job.tx(), "second");
              goOn.complete(null);
              first.get();
            });

    assertThat(second.call()).isTrue();
    assertThat(Effects.notes(db.ctx())).containsExactly("first");
    assertThat(db.jobs()).isEmpty();
    assertThat(logs.events("job_lost")).hasSize(1);
  }

  @Test
  void oneEffectIsThereIfBothEndAtTheSameTime() throws Exception {
    for (int round = 1; round <= 30; round++) {
      CyclicBarrier bothEnd = new CyclicBarrier(2);
      CountDownLatch lost = new CountDownLatch(1);
      Future<Boolean> first =
          threads.submit(
              worker(
                  job -> {
                    Effects.write(job.tx(), "first");
                    loseTheLock(job);
                    lost.countDown();
                    bothEnd.await();
                  }));
      lost.await();
      Future<Boolean> second =
          threads.submit(
              worker(
                  job -> {
                    Effects.write(job.tx(), "second");
                    bothEnd.await();
                  }));

      assertThat(first.get()).isTrue();
      assertThat(second.get()).isTrue();
      assertThat(Effects.notes(db.ctx())).hasSize(round);
      assertThat(db.jobs()).isEmpty();
      assertThat(logs.events("job_lost")).hasSize(round);
      id = db.enqueue("A");
    }
  }

  @Test
  void aTerminatedSessionTakesItsEffectAlong() throws Exception {
    Future<Boolean> first =
        threads.submit(
            worker(
                job -> {
                  Effects.write(job.tx(), "first");
                  stolen.complete(
                      job.tx().fetchValue(DSL.field("pg_backend_pid()", Integer.class)));
                  goOn.join();
                }));
    terminate(stolen.join());
    assertThat(worker(job -> Effects.write(job.tx(), "second")).call()).isTrue();
    goOn.complete(null);

    assertThatThrownBy(first::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(DataAccessException.class);
    assertThat(Effects.notes(db.ctx())).containsExactly("second");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void theLoserDoesNotDeleteAJobThatWaitsForItsRetry() throws Exception {
    Future<Boolean> first = threads.submit(worker(this::writeLoseTheLockAndWait));
    stolen.join();
    assertThat(worker(FencingTest::fail).call()).isTrue();
    QueJobsRecord retried = db.job(id);
    goOn.complete(null);

    assertThat(first.get()).isTrue();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.job(id)).isEqualTo(retried);
    assertThat(retried.getErrorCount()).isOne();
  }

  @Test
  void theFailureOfTheLoserDoesNotCount() throws Exception {
    Future<Boolean> first =
        threads.submit(
            worker(
                job -> {
                  writeLoseTheLockAndWait(job);
                  throw new IllegalStateException("of the loser");
                }));
    stolen.join();
    assertThat(worker(FencingTest::fail).call()).isTrue();
    QueJobsRecord retried = db.job(id);
    goOn.complete(null);

    assertThat(first.get()).isTrue();
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.job(id)).isEqualTo(retried);
    assertThat(retried.getLastError()).contains("of the thief").doesNotContain("of the loser");
    assertThat(logs.events("job_lost")).hasSize(1);
  }

  private Callable<Boolean> worker(WorkFunc function) {
    return Worker.builder(db.qg(), WorkMap.of("A", function)).build()::workOne;
  }

  private void writeLoseTheLockAndWait(LockedJob job) {
    Effects.write(job.tx(), "first");
    loseTheLock(job);
    goOn.join();
  }

  /** The session lives on without the lock, as behind a proxy that gave it to somebody else. */
  private void loseTheLock(LockedJob job) {
    job.tx().execute(LOSE_ALL_LOCKS);
    stolen.complete(0);
  }

  private void terminate(int pid) {
    db.ctx().execute("select pg_terminate_backend({0})", DSL.val(pid));
    await().untilAsserted(() -> assertThat(db.advisoryLocks()).isZero());
  }

  private static void fail(LockedJob job) {
    Effects.write(job.tx(), "thief");
    throw new IllegalStateException("of the thief");
  }
}
