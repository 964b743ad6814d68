package dev.qg.docs;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.qg.Job;
import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jooq.DSLContext;

/** A pool that works jobs while somebody changes them, and one of which runs all the while. */
final class Beside {

  private static final int ROUNDS = 20;
  private static final int JOBS_A_ROUND = 100;

  final Map<Long, String> ran = new ConcurrentHashMap<>();
  final Set<Long> enqueued = new HashSet<>();
  final Collection<Long> changed = new ConcurrentLinkedQueue<>();

  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private final TestDatabase db;
  private final Logs logs;

  Beside(TestDatabase db, Logs logs) {
    this.db = db;
    this.logs = logs;
  }

  void change(Supplier<List<Long>> change) throws Exception {
    Effects.createTable(db.ctx());
    long first = enqueue(1, Job.of("First").withArgs("[\"old\"]")).get(0);
    WorkMap map =
        WorkMap.builder()
            .add(
                "First",
                job -> {
                  running.countDown();
                  release.await();
                  done(job.id(), job.args().data(), job.tx());
                })
            .add("Do", job -> done(job.id(), job.args().data(), job.tx()))
            .build();
    WorkerPool pool =
        WorkerPool.builder(db.qg(), map)
            .count(4)
            .maxLocked(50)
            .interval(Duration.ofMillis(50))
            .build();
    pool.start();
    try {
      running.await();
      CountDownLatch all = new CountDownLatch(1);
      try (InThread changer =
          InThread.start(
              "changer",
              () -> {
                while (all.getCount() > 0) {
                  changed.addAll(change.get());
                }
              })) {
        for (int i = 0; i < ROUNDS; i++) {
          enqueue(JOBS_A_ROUND, Job.of("Do").withArgs("[\"old\"]"));
        }
        await().until(() -> ran.size() + changed.size() >= enqueued.size() - 1);
        all.countDown();
        assertThat(changer).isNotNull();
      }
      assertThat(changed).doesNotContain(first).doesNotHaveDuplicates();
      release.countDown();
      await().until(() -> ran.containsKey(first));
      await().until(this::isQuiet);
    } finally {
      release.countDown();
      pool.shutdown(Duration.ofSeconds(20));
    }
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  private boolean isQuiet() {
    return db.ctx()
            .fetchCount(
                QUE_JOBS, QUE_JOBS.QUEUE.eq(""), QUE_JOBS.RUN_AT.le(currentOffsetDateTime()))
        == 0;
  }

  private void done(long id, String args, DSLContext tx) {
    Effects.write(tx, "done");
    assertThat(ran.put(id, args)).as("runs of job %d before", id).isNull();
  }

  private List<Long> enqueue(int count, Job job) {
    List<Long> ids = db.qg().enqueueAll(Collections.nCopies(count, job));
    enqueued.addAll(ids);
    return ids;
  }

  Set<Long> changedOrRan() {
    Set<Long> all = new HashSet<>(ran.keySet());
    all.addAll(changed);
    return all;
  }
}
