package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Jobs for later and waiting retries do not make the jobs cost more that come one by one, whether
 * they are more urgent, less urgent or just as urgent.
 */
class ScheduledJobsTest {

  /** Their part of the index has some four hundred pages. */
  private static final int LATER = 100_000;

  private static final int JOBS = 20;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 1_000})
  void costAPoolNothing(int priority) throws SQLException {
    schedule(priority);
    long before = indexPagesRead();
    HikariDataSource dataSource = db.pool(5, "ApplicationName=counted");
    try (Qg qg = Qg.create(dataSource);
        WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("A", job -> {})).count(2).build()) {
      pool.start();
      for (int i = 1; i <= JOBS; i++) {
        int jobs = i;
        qg.enqueue(Job.of("A"));
        await().until(() -> pool.snapshot().worked() == jobs);
      }
    }
    dataSource.close();

    // A notice is followed by up to thirty looks. Two that read all would be as much.
    assertThat((indexPagesRead() - before) / JOBS).isLessThan(30 * 25);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 1_000})
  void costAWorkerNothing(int priority) throws SQLException {
    schedule(priority);
    long before = indexPagesRead();
    HikariDataSource dataSource = db.pool(5, "ApplicationName=counted");
    try (Qg qg = Qg.create(dataSource)) {
      Worker worker = Worker.builder(qg, WorkMap.of("A", job -> {})).build();
      for (int i = 0; i < JOBS; i++) {
        qg.enqueue(Job.of("A"));
        assertThat(worker.workOne()).isTrue();
        assertThat(worker.workOne()).isFalse();
      }
    }
    dataSource.close();

    assertThat((indexPagesRead() - before) / JOBS).isLessThan(150);
  }

  private void schedule(int priority) throws SQLException {
    try (Connection connection = db.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set application_name = counted");
      statement.execute("alter table que_jobs set (autovacuum_enabled = false)");
      statement.execute(
          "insert into que_jobs (job_class, priority, run_at, error_count)"
              + " select 'A', %d, now() + interval '1 day' + i * interval '1 s', i %% 2"
                  .formatted(priority)
              + " from generate_series(1, "
              + LATER
              + ") i");
    }
  }

  /** Sessions tell their statistics when they end, at the latest. */
  private long indexPagesRead() {
    await().until(() -> db.sessions("application_name = 'counted'") == 0);
    return db.session()
        .fetchSingle(
            "select idx_blks_hit + idx_blks_read from pg_statio_user_indexes"
                + " where indexrelname = 'que_jobs_pkey'")
        .get(0, Long.class);
  }
}
