package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jooq.JSON;
import org.jooq.Records;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A queue that is larger than the memory of its workers is worked, and a job that is larger than
 * that is set aside. The workers are in a process with little of it.
 */
@Tag("slow")
class LargeArgsTest {

  private static final String SMALL = "-Xmx64m";
  private static final int LENGTH = 2_000_002;
  private static final String COMPRESSIBLE = "repeat('x', 2000000)";
  private static final String RANDOM =
      "(select string_agg(md5(i::text), '') from generate_series(1, 62500) i)";
  private static final String TOO_LARGE = "repeat('x', 50000000)";

  /** How the jobs are worked. */
  enum Way {
    WORKER,
    BY_HAND,
    POOL
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @ValueSource(strings = {COMPRESSIBLE, RANDOM})
  void worksMoreThanThereIsRoomForAndInItsOrder(String args) {
    // The first ones are worked so fast that many of the others are taken ahead.
    insert(1_000, "'small'");
    insert(100, args);
    String order =
        db.jobs().stream().map(job -> String.valueOf(job.getJobId())).collect(joining(" "));

    assertThat(work(Way.POOL)).contains("worked " + order);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void holdsNoMoreThanAQuarterOfTheMemoryAndTakesMoreOfEachQueueWhenThereIsRoom() {
    insert(60, COMPRESSIBLE);
    db.ctx().execute("update que_jobs set queue = 'b' where job_id % 2 = 0");

    try (Jvm jvm = Jvm.of(Held.class).options(SMALL).start(db.url())) {
      assertThat(jvm.awaitEnd()).as(String.join("\n", jvm.lines())).isZero();
    }
    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void setsAsideWhatIsTooLargeAndWorksTheOthers(Way way) {
    insert(10, "'small'");
    insert(1, TOO_LARGE);
    insert(10, "'small'");
    insert(2, TOO_LARGE);
    insert(10, "'small'");

    work(way);

    assertThat(
            db.ctx()
                .select(QUE_JOBS.JOB_ID, QUE_JOBS.ERROR_COUNT)
                .from(QUE_JOBS)
                .where(QUE_JOBS.LAST_ERROR.contains("OutOfMemoryError"))
                .and(QUE_JOBS.RUN_AT.gt(DSL.currentOffsetDateTime()))
                .orderBy(QUE_JOBS.JOB_ID)
                .fetch(Records.mapping((id, errors) -> tuple(id, errors))))
        .containsExactly(tuple(11L, 1), tuple(22L, 1), tuple(23L, 1));
    assertThat(db.ctx().fetchCount(QUE_JOBS)).isEqualTo(3);
  }

  private void insert(int count, String text) {
    db.ctx()
        .execute(
            "insert into que_jobs (job_class, args) select 'Any', args from (select to_json("
                + text
                + "::text) as args) one, generate_series(1, "
                + count
                + ")");
  }

  private List<String> work(Way way) {
    try (Jvm jvm = Jvm.of(Child.class).options(SMALL).start(db.url(), way.name())) {
      assertThat(jvm.awaitEnd()).as(String.join("\n", jvm.lines())).isZero();
      return jvm.lines();
    }
  }

  /** A program that works all jobs that are due, with args of the lengths above. */
  static final class Child {

    private static final Duration LONG = Duration.ofHours(1);

    private Child() {}

    public static void main(String[] args) {
      PGSimpleDataSource dataSource = new PGSimpleDataSource();
      dataSource.setUrl(args[0]);
      ConcurrentLinkedQueue<String> worked = new ConcurrentLinkedQueue<>();
      WorkMap map = WorkMap.of("Any", job -> worked.add(see(job)));
      RetryPolicy policy = RetryPolicy.builder().delay(LONG).build();
      try (Qg qg = Qg.builder(dataSource).retryPolicy(policy).build()) {
        switch (Way.valueOf(args[1])) {
          case WORKER -> {
            Worker worker = Worker.builder(qg, map).build();
            while (worker.workOne()) {}
          }
          case BY_HAND -> workByHand(qg);
          case POOL -> workByPool(qg, map);
        }
      }
      System.out.println("worked " + String.join(" ", worked));
    }

    private static void workByHand(Qg qg) {
      Optional<LockedJob> locked = qg.lockJob("");
      while (locked.isPresent()) {
        try (LockedJob job = locked.get()) {
          see(job);
          job.delete();
        }
        locked = qg.lockJob("");
      }
    }

    private static void workByPool(Qg qg, WorkMap map) {
      // What is not found by one look must be by the next one, and not only by a sweep.
      try (WorkerPool pool =
          WorkerPool.builder(qg, map).count(1).interval(LONG).listening(false).build()) {
        long due = qg.stats().stream().mapToLong(JobStats::count).sum();
        pool.start();
        await()
            .atMost(Duration.ofMinutes(2))
            .until(() -> pool.snapshot().worked() + pool.snapshot().failed() == due);
      }
    }

    private static String see(LockedJob job) {
      JSON args = job.args();
      if (args.data().length() != 7 && args.data().length() != LENGTH) {
        throw new IllegalStateException("not what was enqueued");
      }
      return String.valueOf(job.id());
    }
  }

  /** A program whose handlers wait, and go on one by one. */
  static final class Held {

    private static final long HEAP = Runtime.getRuntime().maxMemory();

    /** As long as a pool has less than a quarter, it takes one more. */
    private static final int MOST = (int) (HEAP / 4 / LENGTH) + 1;

    private static final int MOST_AT_ONCE = (int) (HEAP / 16 / LENGTH);

    private static final AtomicInteger RUNNING = new AtomicInteger();
    private static final AtomicInteger OF_B = new AtomicInteger();
    private static final Semaphore RETURN = new Semaphore(0);

    private Held() {}

    public static void main(String[] args) {
      PGSimpleDataSource dataSource = new PGSimpleDataSource();
      dataSource.setUrl(args[0]);
      Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
      // A wake-up that is missed is not made up for by a sweep.
      try (Qg qg = Qg.create(dataSource);
          WorkerPool pool =
              WorkerPool.builder(qg, WorkMap.of("Any", Held::runUntilLetGo))
                  .count(3 * MOST)
                  .queues("", "b")
                  .interval(Duration.ofHours(1))
                  .listening(false)
                  .build()) {
        long due = qg.stats().stream().mapToLong(JobStats::count).sum();
        pool.start();
        for (int i = 0; i < 2 * MOST; i++) {
          await("there is room for another one").until(() -> RUNNING.get() == MOST);
          requireNoMore(pool);
          RETURN.release();
          int returned = i + 1;
          await("one is worked").until(() -> pool.snapshot().worked() == returned);
        }
        if (OF_B.get() < MOST || OF_B.get() > 2 * MOST) {
          throw new IllegalStateException("One queue starves the other: " + OF_B + " of b");
        }
        RETURN.release((int) due);
        await("all are worked").until(() -> pool.snapshot().worked() == due);
        requireNoMore(pool);
      }
    }

    private static void runUntilLetGo(LockedJob job) throws InterruptedException {
      OF_B.addAndGet(job.queue().equals("b") ? 1 : 0);
      RUNNING.incrementAndGet();
      try {
        RETURN.acquire();
      } finally {
        RUNNING.decrementAndGet();
      }
    }

    private static void requireNoMore(WorkerPool pool) {
      PoolSnapshot now = pool.snapshot();
      if (now.running() + now.waiting() > MOST || now.failed() > 0) {
        throw new IllegalStateException("More than " + MOST + ": " + now);
      }
      if (now.taken() > now.takes() * MOST_AT_ONCE) {
        throw new IllegalStateException("More than " + MOST_AT_ONCE + " at a time: " + now);
      }
    }
  }
}
