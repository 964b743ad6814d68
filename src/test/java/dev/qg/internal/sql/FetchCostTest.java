package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A fetch reads the pages of the jobs that it fetches, and a few for each priority in use before
 * them: jobs for later and waiting retries add none. The sessions keep the plans from when the
 * table was empty.
 */
class FetchCostTest {

  private static final int LATER = 20_000;

  /** The pages of one descent of the index, and of the row that it finds. */
  private static final int DESCENT = 6;

  /** What a larger table adds to the descents of a fetch by itself: the index has a level more. */
  private static final int LEVEL = 12;

  private static final short FRONT = 0;
  private static final short BACK = 30_000;

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection session;

  private interface Look {
    void run() throws SQLException;
  }

  @BeforeEach
  void keepPlansOfAnEmptyTable() throws SQLException {
    session = db.connect();
    Plans.load(session, 0);
    Plans.execute(session, "vacuum analyze que_jobs");
    for (int i = 0; i < 10; i++) {
      assertThat(lockMany(null)).isEmpty();
      assertThat(sql.lockJob().execute(session, "", null)).isEmpty();
      assertThat(reread(List.of(new JobKey("", FRONT, OffsetDateTime.MIN, 1)))).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0", "3, 0", "300, 0", "3000, 0", "1, 1", "3, 1", "300, 1",
  })
  void dependsOnNoJobsForLater(int priorities, int errors) throws SQLException {
    insert(10, BACK, "now()");
    insert(10, FRONT, "now()");
    List<Long> before = costs();
    insertLater(priorities, errors);
    List<Long> unvacuumed = costs();
    Plans.execute(session, "vacuum analyze que_jobs");
    List<Long> vacuumed = costs();

    for (List<Long> after : List.of(unvacuumed, vacuumed)) {
      for (int i = 0; i < before.size(); i++) {
        // The first looks stop before the priorities of the jobs for later.
        long passed = i < 3 ? 0 : priorities;
        assertThat(after.get(i))
            .as("look %s of %s, without jobs for later %s", i, after, before)
            .isLessThanOrEqualTo(before.get(i) + LEVEL + DESCENT * passed);
      }
    }
  }

  @Test
  void isNextToNothingWhereNothingIsDue() throws SQLException {
    insertLater(1, 0);

    assertThat(pages(() -> assertThat(lockMany(null)).isEmpty())).isLessThanOrEqualTo(20);
    assertThat(pages(() -> assertThat(sql.lockJob().execute(session, "", null)).isEmpty()))
        .isLessThanOrEqualTo(20);
  }

  /** The pages that each look reads. */
  private List<Long> costs() throws SQLException {
    List<Long> costs = new ArrayList<>();
    List<JobKey> keys = new ArrayList<>();
    // In front of the jobs for later.
    costs.add(pages(() -> keys.addAll(lock(5, null))));
    costs.add(pages(() -> lockOne(keys.get(4))));
    costs.add(pages(() -> reread(keys)));
    release();
    // Behind them.
    costs.add(pages(() -> keys.addAll(lock(20, null))));
    costs.add(pages(() -> reread(keys)));
    release();
    costs.add(pages(() -> keys.addAll(lock(20, keys.get(7)))));
    release();
    costs.add(pages(() -> lockOne(keys.get(14))));
    costs.add(pages(() -> assertThat(lockMany(keys.get(24))).isEmpty()));
    release();
    return costs;
  }

  private List<JobKey> lock(int limit, @Nullable JobKey behind) {
    List<JobKey> keys = sql.lockJobs().execute(session, "", limit, List.of(), behind);
    assertThat(keys).isNotEmpty();
    return keys;
  }

  private List<JobKey> lockMany(@Nullable JobKey behind) {
    return sql.lockJobs().execute(session, "", 1_000, List.of(), behind);
  }

  /** As a {@code Worker} does. */
  private void lockOne(JobKey behind) {
    if (sql.lockJob().execute(session, "", behind).isEmpty()) {
      assertThat(lock(1, behind)).hasSize(1);
    }
  }

  private List<JobRow> reread(List<JobKey> keys) {
    return sql.rereadJobs().execute(session, "", keys, Integer.MAX_VALUE).rows();
  }

  private void release() throws SQLException {
    Plans.execute(session, "select pg_advisory_unlock_all()");
  }

  private void insertLater(int priorities, int errors) throws SQLException {
    Plans.execute(
        session,
        "insert into que_jobs (priority, run_at, job_class, error_count, last_error)"
            + " select 1 + i %% %s, now() + i * interval '1 s' + interval '1 h', 'A', %s, 'error'"
                .formatted(priorities, errors)
            + " from generate_series(1, "
            + LATER
            + ") i");
  }

  private void insert(int jobs, short priority, String runAt) throws SQLException {
    Plans.execute(
        session,
        "insert into que_jobs (priority, run_at, job_class) select %s, %s, 'A' from generate_series(1, %s)"
            .formatted(priority, runAt, jobs));
  }

  /** How many pages of the table and its index are read, whether or not they are in memory. */
  private long pages(Look look) throws SQLException {
    session.setAutoCommit(false);
    long before = pagesRead();
    look.run();
    long pages = pagesRead() - before;
    session.commit();
    session.setAutoCommit(true);
    return pages;
  }

  private long pagesRead() throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select pg_stat_get_xact_blocks_fetched('que_jobs'::regclass)"
                    + " + pg_stat_get_xact_blocks_fetched('que_jobs_pkey'::regclass)")) {
      assertThat(row.next()).isTrue();
      return row.getLong(1);
    }
  }
}
