package dev.qg.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import dev.qg.chaos.Victim.Moment;
import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A worker's process is killed at each moment of a job's life: what it had not committed is done by
 * another one, and what it had committed is not done again.
 */
@Tag("slow")
class KilledWorkerTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger runs = new AtomicInteger();

  @BeforeEach
  void createTables() {
    Orders.createTables(db.ctx());
  }

  static Stream<Arguments> moments() {
    return Stream.of(Way.values())
        .flatMap(way -> Stream.of(Moment.values()).map(moment -> Arguments.of(way, moment)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("moments")
  void anotherDoesWhatWasNotCommittedAndNothingTwice(Way way, Moment moment) {
    kill(way, moment, 2);
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
    kill(way, moment, 1);
    workTheRest();
    assertThat(runs).hasValue(moment == Moment.COMMITTED ? 0 : 1);
    assertThat(Verdict.of(db.ctx()).violations()).isEmpty();
    assertThat(Verdict.of(db.ctx()).repeatedCalls()).isEqualTo(runs.get());
  }

  private void kill(Way way, Moment moment, long order) {
    db.ctx().transaction(tx -> Orders.enqueue(db.qg(), tx, List.of(Orders.job(order))));
    try (Jvm victim =
        Jvm.of(Victim.class).options("-Xmx64m").start(db.url(), way.name(), moment.name())) {
      victim.awaitLine(Victim.THERE);
      assertThat(db.advisoryLocks()).as("it holds the job's lock").isOne();
      assertThat(db.jobs()).hasSize(moment == Moment.COMMITTED ? 0 : 1);
      victim.kill();
    }
    db.ctx().execute("insert into strikes values (now() - interval '1 min', now())");
  }

  private void workTheRest() {
    WorkMap workMap =
        WorkMap.of(
            Orders.TYPE,
            job -> {
              runs.incrementAndGet();
              Orders.work(db.ctx(), job);
            });
    try (WorkerPool other = WorkerPool.builder(db.qg(), workMap).count(1).build()) {
      other.start();
      await().until(() -> db.jobs().isEmpty() && db.advisoryLocks() == 0);
    }
  }
}
