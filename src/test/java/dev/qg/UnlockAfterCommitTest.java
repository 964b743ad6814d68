package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Gate;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * When a job's lock is released, everybody sees what became of the job: whoever gets the lock then
 * can't find it as it was.
 */
class UnlockAfterCommitTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final AtomicInteger unlocks = new AtomicInteger();
  private DSLContext other;
  private Runnable seenByOthers;
  private Qg qg;
  private long id;

  @BeforeEach
  void lookFromAnotherSessionWhenTheUnlockIsSent() {
    other = db.session();
    id = db.enqueue("A");
    DataSource watched =
        Intercept.before(
            db.dataSource(),
            (connection, sql) -> {
              if (Sql.unlocks(sql)) {
                unlocks.incrementAndGet();
                assertThat(connection.getAutoCommit()).as("no transaction is open").isTrue();
                seenByOthers.run();
              }
            });
    qg =
        Qg.builder(watched)
            .retryPolicy("Dies", RetryPolicy.builder().maxAttempts(1).build())
            .build();
    seenByOthers = () -> assertThat(other.fetchCount(QUE_JOBS)).isZero();
  }

  @Test
  void theDeletionInTheJobsTransactionIsCommitted() {
    work("A", job -> job.tx().execute("select 1"));
  }

  /** All of it is one round trip, in which a commit is held up that has all before it done. */
  @Test
  void theDeletionOutsideOfATransactionIsCommitted() {
    Gate.atCommitOf(db.ctx(), "delete on que_jobs");
    Gate gate = Gate.closed(db);
    Worker worker = Worker.builder(db.qg(), WorkMap.of("A", job -> {})).build();

    InThread works = InThread.start("works", worker::workOne);
    gate.awaitSomebody();
    assertThat(db.advisoryLocks()).isOne();
    assertThat(other.fetchCount(QUE_JOBS)).isOne();
    gate.open();
    works.join();

    assertThat(other.fetchCount(QUE_JOBS)).isZero();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void theRetryIsCommitted() {
    seenByOthers =
        () ->
            assertThat(other.fetchSingle(QUE_JOBS, QUE_JOBS.JOB_ID.eq(id)).getErrorCount()).isOne();
    work(
        "A",
        job -> {
          job.tx().execute("select 1");
          throw new IllegalStateException("fails");
        });
  }

  @Test
  void givingUpIsCommitted() {
    db.ctx().update(QUE_JOBS).set(QUE_JOBS.JOB_CLASS, "Dies").execute();
    seenByOthers =
        () -> {
          assertThat(other.fetchCount(QUE_JOBS)).isZero();
          assertThat(other.fetchCount(QG_DEAD_JOBS)).isOne();
        };
    work(
        "Dies",
        job -> {
          throw new IllegalStateException("fails");
        });
  }

  @Test
  void theDeletionByHandIsCommitted() {
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      job.tx().execute("select 1");
      job.delete();
    }
    assertThat(unlocks).hasValue(1);
  }

  @Test
  void worksNoJobTwiceWithTwoPoolsOnManyShortJobs() {
    db.ctx().deleteFrom(QUE_JOBS).execute();
    db.qg().enqueueAll(IntStream.range(0, 4_000).mapToObj(i -> Job.of("A")).toList());
    Map<Long, AtomicInteger> runs = new ConcurrentHashMap<>();
    WorkMap workMap =
        WorkMap.of(
            "A",
            job -> {
              runs.computeIfAbsent(job.id(), i -> new AtomicInteger()).incrementAndGet();
              // With a transaction, so that there is a commit for the unlock to wait for.
              job.tx().execute("select 1");
            });
    Qg otherClient = Qg.create(db.pool(8));
    List<WorkerPool> pools =
        List.of(
            WorkerPool.builder(db.qg(), workMap).count(8).name("one").build(),
            WorkerPool.builder(otherClient, workMap).count(8).name("two").build());

    pools.forEach(WorkerPool::start);
    await().until(() -> db.ctx().fetchCount(QUE_JOBS) == 0);
    pools.forEach(WorkerPool::close);

    assertThat(runs).hasSize(4_000);
    assertThat(runs.values()).allMatch(count -> count.get() == 1);
  }

  private void work(String type, WorkFunc function) {
    assertThat(Worker.builder(qg, WorkMap.of(type, function)).build().workOne()).isTrue();
    assertThat(unlocks).hasValue(1);
  }
}
