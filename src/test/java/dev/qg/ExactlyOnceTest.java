package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a handler writes through its job's transaction is there exactly once. */
class ExactlyOnceTest {

  private static final int JOBS = 10_000;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void tenThousandJobsLeaveTenThousandEffectsWithTwoPoolsOfEight() {
    // No unique key: the database wouldn't mind a second effect.
    db.ctx().execute("create table effects (job_id bigint not null)");
    List<Long> ids =
        db.qg().enqueueAll(IntStream.range(0, JOBS).mapToObj(i -> Job.of("Write")).toList());

    try (WorkerPool one = pool("one", 8);
        WorkerPool two = pool("two", 8)) {
      one.start();
      two.start();
      await()
          .atMost(Duration.ofMinutes(2))
          .pollInterval(Duration.ofMillis(200))
          .until(() -> db.ctx().fetchCount(QUE_JOBS) == 0);
    }

    assertThat(
            db.ctx()
                .fetch("select job_id from effects order by job_id")
                .getValues("job_id", Long.class))
        .isEqualTo(ids);
  }

  private static void writeAndFailSometimes(LockedJob job) {
    DSLContext tx = job.tx();
    tx.execute("insert into effects values ({0})", org.jooq.impl.DSL.val(job.id()));
    if (job.id() % 20 == 0 && job.errorCount() == 0) {
      throw new IllegalStateException("fails at first, with its effect written");
    }
  }

  private WorkerPool pool(String name, int count) {
    Qg qg =
        Qg.builder(db.pool(count))
            .retryPolicy(RetryPolicy.builder().delay(Duration.ofMillis(10)).build())
            .build();
    return WorkerPool.builder(qg, WorkMap.of("Write", ExactlyOnceTest::writeAndFailSometimes))
        .name(name)
        .count(count)
        .interval(Duration.ofMillis(50))
        .build();
  }
}
