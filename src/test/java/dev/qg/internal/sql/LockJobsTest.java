package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lock query locks the most urgent jobs that nobody holds, and nothing else. */
class LockJobsTest {

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection mine;
  private Connection others;

  @BeforeEach
  void twoSessionsOnManyJobs() throws SQLException {
    mine = db.connect();
    others = db.connect();
    Plans.load(mine, 6_000);
  }

  @AfterEach
  void endTheSessionsWithTheirLocks() throws SQLException {
    mine.close();
    others.close();
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "0, 7", "0, 1000", "0, 1500", "3, 1", "3, 2500", "5000, 1", "5000, 999"})
  void locksAsManyAsAreWantedBehindThoseOfOthersAndNoMore(int locked, int wanted)
      throws SQLException {
    List<Long> inOrder = idsInOrder();
    sql.lockJobs().execute(others, "", locked, List.of());

    List<JobKey> keys = sql.lockJobs().execute(mine, "", wanted, List.of());

    assertThat(keys.stream().sorted().map(JobKey::id))
        .isEqualTo(inOrder.subList(locked, locked + wanted));
    assertThat(db.advisoryLocks()).isEqualTo(locked + wanted);
  }

  @Test
  void locksWhatThereIsIfMoreIsWanted() throws SQLException {
    sql.lockJobs().execute(others, "", 5_990, List.of());

    assertThat(sql.lockJobs().execute(mine, "", 1_000, List.of())).hasSize(10);
    assertThat(db.advisoryLocks()).isEqualTo(6_000);
  }

  @Test
  void locksEveryThirdJobAmongThoseOfOthers() throws SQLException {
    List<Long> inOrder = idsInOrder();
    db.ctx().execute("analyze que_jobs");
    List<Long> free = new ArrayList<>();
    List<Long> held = new ArrayList<>();
    for (int i = 0; i < inOrder.size(); i++) {
      (i % 3 == 0 ? free : held).add(inOrder.get(i));
    }
    DSL.using(others)
        .execute(
            "select pg_advisory_lock(id) from unnest({0}) id", DSL.val(held.toArray(Long[]::new)));

    List<JobKey> keys = sql.lockJobs().execute(mine, "", 1_200, List.of());

    assertThat(keys.stream().sorted().map(JobKey::id)).isEqualTo(free.subList(0, 1_200));
    assertThat(db.advisoryLocks()).isEqualTo(held.size() + 1_200);
  }

  @Test
  void leavesAloneWhatIsNotDueOrOfAnotherQueue() {
    db.ctx()
        .update(QUE_JOBS)
        .set(QUE_JOBS.QUEUE, "other")
        .where(QUE_JOBS.JOB_ID.le(3_000L))
        .execute();
    db.ctx().execute("update que_jobs set run_at = now() + interval '1 h' where job_id > 3010");

    assertThat(sql.lockJobs().execute(mine, "", 100, List.of())).hasSize(10);
    assertThat(db.advisoryLocks()).isEqualTo(10);
  }

  private List<Long> idsInOrder() {
    return db.jobs().stream().map(job -> job.getJobId()).toList();
  }
}
