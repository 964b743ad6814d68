package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.ClassicClient;
import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Clients in the way of Ruby's Que 0.x, que-go and qg for Go work the same queue with ours. */
class ClassicClientsTest {

  private static final int JOBS = 500;
  private static final int CLIENTS = 3;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  /** A pool, a worker and the others: each waits with its first job until all have one. */
  private final CountDownLatch allHaveAJob = new CountDownLatch(CLIENTS + 2);

  private final Set<String> present = ConcurrentHashMap.newKeySet();

  @BeforeEach
  void createTable() {
    // No unique key: the database wouldn't mind a second effect.
    db.ctx().execute("create table effects (job_id bigint not null, who text not null)");
  }

  @Test
  void eachHaveAJobOfTheirOwn() {
    db.enqueue("First");
    db.enqueue("Second");
    ClassicClient other = new ClassicClient(db.session());

    LockedJob ours = db.qg().lockJob("").orElseThrow();
    ClassicClient.Locked theirs = other.lock("").orElseThrow();

    assertThat(ours.type()).isEqualTo("First");
    assertThat(theirs.type()).isEqualTo("Second");
    assertThat(other.exists(theirs)).isTrue();
    other.delete(theirs);
    other.unlock(theirs);
    ours.delete();
    ours.done();
    assertThat(other.lock("")).isEmpty();
  }

  @Test
  void workEachJobOnceAlsoWhereSomeFailAtFirst() throws Exception {
    List<Long> ids = db.qg().enqueueAll(Collections.nCopies(JOBS, Job.of("Write")));
    Qg qg =
        Qg.builder(db.dataSource())
            .retryPolicy(RetryPolicy.builder().delay(Duration.ZERO).build())
            .build();
    Worker worker =
        db.closeLater(Worker.builder(qg, WorkMap.of("Write", job -> work(job, "worker"))).build());
    try (WorkerPool pool =
        WorkerPool.builder(qg, WorkMap.of("Write", job -> work(job, "pool")))
            .count(4)
            .interval(Duration.ofMillis(50))
            .build()) {
      pool.start();
      List<InThread> threads =
          IntStream.range(0, CLIENTS)
              .mapToObj(i -> InThread.start("classic-" + i, () -> workClassically("classic " + i)))
              .toList();
      InThread loop = InThread.start("worker", worker::work);
      await().until(() -> allHaveAJob.getCount() == 0 && db.ctx().fetchCount(QUE_JOBS) == 0);
      worker.shutdown();
      loop.join();
      threads.forEach(InThread::join);
      await().until(() -> db.advisoryLocks() == 0);
    }

    assertThat(
            db.ctx()
                .fetch("select job_id from effects order by job_id")
                .getValues("job_id", Long.class))
        .isEqualTo(ids);
    assertThat(db.ctx().fetch("select distinct who from effects").getValues("who", String.class))
        .containsExactlyInAnyOrder("pool", "worker", "classic 0", "classic 1", "classic 2");
  }

  private void work(LockedJob job, String who) {
    arrive(who);
    write(job.tx(), job.id(), who);
    failAtFirst(job.id(), job.errorCount());
  }

  private void workClassically(String who) {
    ClassicClient client = new ClassicClient(db.session());
    DSLContext effects = db.session();
    while (client.workOne(
        "",
        job -> {
          arrive(who);
          failAtFirst(job.id(), job.errorCount());
          write(effects, job.id(), who);
        })) {}
  }

  private void arrive(String who) {
    if (present.add(who)) {
      allHaveAJob.countDown();
    }
    try {
      allHaveAJob.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void write(DSLContext ctx, long id, String who) {
    ctx.execute("insert into effects values ({0}, {1})", DSL.val(id), DSL.val(who));
  }

  private static void failAtFirst(long id, int errorCount) {
    if (id % 20 == 0 && errorCount == 0) {
      throw new IllegalStateException("fails at first");
    }
  }
}
