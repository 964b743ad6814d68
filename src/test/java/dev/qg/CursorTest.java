package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A pool reads its queue on behind the job that it took last, so that it doesn't walk over the rows
 * of those that are done, and misses nothing that comes to lie before that one.
 */
class CursorTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<String> worked = Collections.synchronizedList(new ArrayList<>());

  @Test
  void findsAJobThatIsCommittedLateAndWasDueEarlier() throws Exception {
    Connection late = db.connect();
    late.setAutoCommit(false);
    DSL.using(late).execute("insert into que_jobs (job_class) values ('Late')");
    db.session().execute("insert into que_jobs (job_class) values ('Soon'), ('Soon')");
    try (WorkerPool pool =
        pool(job -> worked.add(job.type())).interval(Duration.ofMillis(50)).build()) {
      pool.start();
      await().until(() -> worked.size() == 2);
      late.commit();
      await().until(() -> worked.size() == 3);
    }
    assertThat(worked).containsExactly("Soon", "Soon", "Late");
  }

  @Test
  void takesAMoreUrgentJobNextThatItIsToldOf() throws Exception {
    for (int i = 0; i < 5; i++) {
      db.enqueue("Soon");
    }
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    try (WorkerPool pool =
        pool(job -> {
              worked.add(job.type());
              running.countDown();
              release.await();
            })
            .interval(Duration.ofDays(1))
            .build()) {
      pool.start();
      running.await();
      db.qg().enqueue(Job.of("Late").withPriority(1));
      release.countDown();
      await().until(() -> worked.size() == 6);
    }
    assertThat(worked).startsWith("Soon", "Late");
  }

  @Test
  void doesNotWalkOverRowsThatAnOpenSnapshotKeeps() throws Exception {
    int jobs = 5_000;
    db.session().execute("alter table que_jobs set (autovacuum_enabled = false)");
    Connection report = db.connect();
    report.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    report.setAutoCommit(false);
    DSL.using(report).fetch("select count(*) from que_jobs");
    HikariDataSource dataSource = db.pool(5);
    try (Qg qg = Qg.create(dataSource);
        WorkerPool pool =
            WorkerPool.builder(qg, WorkMap.of("Soon", job -> {}))
                .count(2)
                .maxLocked(50)
                .interval(Duration.ofDays(1))
                .build()) {
      qg.enqueueAll(Collections.nCopies(jobs, Job.of("Soon")));
      pool.start();
      await().until(() -> pool.snapshot().worked() == jobs);
    }
    // Sessions tell their statistics when they end, at the latest.
    dataSource.close();
    report.rollback();
    // Each row is read to be locked and looked at again; from the start it would be a thousand
    // times each.
    await().untilAsserted(() -> assertThat(indexEntriesRead()).isBetween(2L * jobs, 20L * jobs));
  }

  private long indexEntriesRead() {
    return db.session()
        .fetchSingle(
            "select idx_tup_read from pg_stat_user_indexes"
                + " where indexrelname = 'que_jobs_pkey'")
        .get(0, Long.class);
  }

  private WorkerPool.Builder pool(WorkFunc function) {
    return WorkerPool.builder(
            db.qg(), WorkMap.builder().add("Late", function).add("Soon", function).build())
        .count(1)
        .listening(false);
  }
}
