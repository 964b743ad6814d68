package dev.qg.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import dev.qg.chaos.Victim.Moment;
import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A worker's process is killed at each moment of a job's life: what it had not committed is done by
 * another one, and what it had committed is not done again.
 */
class KilledWorkerTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger runs = new AtomicInteger();

  @BeforeEach
  void anOrder() {
    Orders.createTables(db.ctx());
    db.ctx().transaction(tx -> Orders.write(tx.dsl(), 1, db.qg().enqueue(tx, Orders.job(1))));
  }

  static Stream<Arguments> moments() {
    return Stream.of(Way.values())
        .flatMap(way -> Stream.of(Moment.values()).map(moment -> Arguments.of(way, moment)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("moments")
  void anotherDoesWhatWasNotCommittedAndNothingTwice(Way way, Moment moment) {
    kill(way, moment, true);
    workTheRest();
    Verdict verdict = Verdict.of(db.ctx());
    assertThat(verdict.violations()).isEmpty();
    assertThat(verdict.done()).isOne();
    assertThat(runs).hasValue(moment == Moment.COMMITTED ? 0 : 1);
    assertThat(verdict.repeatedCalls())
        .isEqualTo(
            switch (moment) {
              case LOCKED, RUNNING, COMMITTED -> 0;
              case WRITTEN, FINISHED, DELETED -> 1;
            });
  }

  /** Its end is written apart from the handler, for many jobs at a time or in one round trip. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({"POOL,FINISHED", "POOL,COMMITTED", "WORKERS,FINISHED"})
  void aJobWithoutATransactionRunsAgainUnlessItsDeletionIsCommitted(Way way, Moment moment) {
    kill(way, moment, false);
    workTheRest();
    assertThat(runs).hasValue(moment == Moment.COMMITTED ? 0 : 1);
    assertThat(Verdict.of(db.ctx()).repeatedCalls()).isEqualTo(runs.get());
  }

  private void kill(Way way, Moment moment, boolean transactional) {
    try (Jvm victim =
        Jvm.of(Victim.class)
            .options("-Xmx64m")
            .start(db.url(), way.name(), moment.name(), String.valueOf(transactional))) {
      victim.awaitLine(Victim.THERE);
      assertThat(db.advisoryLocks()).as("it holds the job's lock").isOne();
      assertThat(db.jobs()).hasSize(moment == Moment.COMMITTED ? 0 : 1);
      victim.kill();
    }
  }

  private void workTheRest() {
    WorkMap workMap =
        WorkMap.of(
            Orders.TYPE,
            job -> {
              runs.incrementAndGet();
              Orders.call(db.ctx(), job);
              Orders.effect(job);
            });
    try (WorkerPool other = WorkerPool.builder(db.qg(), workMap).count(1).build()) {
      other.start();
      await().until(() -> db.jobs().isEmpty() && db.advisoryLocks() == 0);
    }
  }
}
