package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The lock query locks the most urgent jobs that nobody holds, in order, and nothing else. */
class LockJobsTest {

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection mine;
  private Connection others;
  private Connection third;

  @BeforeEach
  void sessionsOnManyJobs() throws SQLException {
    mine = db.connect();
    others = db.connect();
    third = db.connect();
    Plans.load(mine, 6_000);
  }

  @AfterEach
  void endTheSessionsWithTheirLocks() throws SQLException {
    mine.close();
    others.close();
    third.close();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0, 1",
    "0, 7",
    "0, 1000",
    "0, 1500",
    "3, 1",
    "3, 2500",
    "998, 2",
    "1000, 1",
    "5000, 1",
    "5000, 999"
  })
  void locksAsManyAsAreWantedBehindThoseOfOthersAndNoMore(int locked, int wanted)
      throws SQLException {
    List<Long> inOrder = idsInOrder();
    sql.lockJobs().execute(others, "", locked, List.of(), null);

    List<JobKey> keys = sql.lockJobs().execute(mine, "", wanted, List.of(), null);

    assertThat(ids(keys)).isEqualTo(inOrder.subList(locked, locked + wanted));
    assertThat(db.advisoryLocks()).isEqualTo(locked + wanted);
  }

  @Test
  void locksNothingWhereNothingCanBeWritten() throws SQLException {
    Plans.execute(mine, "set default_transaction_read_only = on");

    assertThat(sql.lockJob().execute(mine, "", null)).isEmpty();
    assertThat(sql.lockJobs().execute(mine, "", 10, List.of(), null)).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 998})
  void locksTheFirstBehindThoseOfOthersAndNoMore(int locked) throws SQLException {
    List<Long> inOrder = idsInOrder();
    List<JobKey> keys = sql.lockJobs().execute(others, "", locked, List.of(), null);

    List<JobKey> first = lockOne(mine, null);
    List<JobKey> again = lockOne(third, locked < 2 ? null : keys.get(1));

    assertThat(ids(first)).isEqualTo(inOrder.subList(locked, locked + 1));
    assertThat(ids(again))
        .isEqualTo(inOrder.subList(locked + 1, Math.min(locked + 2, inOrder.size())));
    assertThat(db.advisoryLocks()).isEqualTo(locked + 1 + again.size());
  }

  @Test
  void locksOneByItselfUnlessAThousandOfItsPriorityAreLocked() throws SQLException {
    Plans.execute(mine, "update que_jobs set priority = 7");
    List<JobKey> keys = sql.lockJobs().execute(others, "", 1_000, List.of(), null);

    assertThat(sql.lockJob().execute(mine, "", null)).isEmpty();
    assertThat(sql.lockJob().execute(mine, "", keys.get(0))).isPresent();
    assertThat(db.advisoryLocks()).isEqualTo(1_001);
  }

  @Test
  void locksOneByItselfOfThePriorityWhereItBegins() throws SQLException {
    Plans.execute(mine, "update que_jobs set priority = 7");
    Plans.execute(mine, "update que_jobs set priority = 5 where job_id <= 2");
    List<Long> inOrder = idsInOrder();
    JobKey last = sql.lockJobs().execute(others, "", 2, List.of(), null).get(1);

    assertThat(sql.lockJob().execute(mine, "", null)).isEmpty();
    assertThat(sql.lockJob().execute(mine, "", last)).isEmpty();
    assertThat(sql.unlockJobs().execute(others, inOrder.subList(0, 2))).isEmpty();
    assertThat(sql.lockJob().execute(mine, "", null).map(locked -> locked.key().id()))
        .contains(inOrder.get(0));
    assertThat(db.advisoryLocks()).isOne();
  }

  @Test
  void locksNothingWhereAllIsLockedByOthersOrNotDue() {
    sql.lockJobs().execute(others, "", 6_000, List.of(), null);

    assertThat(sql.lockJob().execute(mine, "", null)).isEmpty();
    assertThat(sql.lockJob().execute(mine, "other", null)).isEmpty();

    db.ctx().execute("update que_jobs set run_at = now() + interval '1 h'");
    sql.unlockJobs().execute(others, idsInOrder());
    assertThat(sql.lockJob().execute(mine, "", null)).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "set enable_indexscan = off; set enable_indexonlyscan = off",
        "set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off",
        "set enable_material = off; set enable_nestloop = off",
        "set cursor_tuple_fraction = 1; set work_mem = '64kB'; analyze que_jobs"
      })
  void locksNoMoreWhateverThePlanIs(String settings) throws SQLException {
    List<Long> inOrder = idsInOrder();
    sql.lockJobs().execute(others, "", 2_345, List.of(), null);
    Plans.execute(mine, settings);

    List<JobKey> keys = sql.lockJobs().execute(mine, "", 1_100, List.of(), null);
    List<JobKey> next = sql.lockJobs().execute(mine, "", 10, ids(keys), null);

    assertThat(ids(keys)).isEqualTo(inOrder.subList(2_345, 3_445));
    assertThat(ids(next)).isEqualTo(inOrder.subList(3_445, 3_455));
    Plans.execute(third, settings);
    assertThat(ids(lockOne(third, keys.get(1_000)))).containsExactly(inOrder.get(3_455));
    assertThat(db.advisoryLocks()).isEqualTo(3_456);
  }

  @Test
  void goesOnBehindAKey() throws SQLException {
    List<Long> inOrder = idsInOrder();
    List<JobKey> first = sql.lockJobs().execute(mine, "", 1_500, List.of(), null);

    // Nothing needs to be left out of what lies behind all that is held.
    List<JobKey> second = sql.lockJobs().execute(mine, "", 2_000, List.of(), first.get(1_499));
    List<JobKey> third = sql.lockJobs().execute(mine, "", 9_000, List.of(), second.get(1_999));

    assertThat(ids(second)).isEqualTo(inOrder.subList(1_500, 3_500));
    assertThat(ids(third)).isEqualTo(inOrder.subList(3_500, 6_000));
    assertThat(db.advisoryLocks()).isEqualTo(6_000);
    // Each once, although others and the session itself could have taken some again.
    assertThat(sql.unlockJobs().execute(mine, inOrder)).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void leavesOutWhatIsHeldFromItsSearchAndNothingElse() {
    List<Long> inOrder = idsInOrder();
    List<Long> held = ids(sql.lockJobs().execute(mine, "", 3_000, List.of(), null));

    List<JobKey> keys = sql.lockJobs().execute(mine, "", 3_500, held, null);

    assertThat(ids(keys)).isEqualTo(inOrder.subList(3_000, 6_000));
    assertThat(sql.unlockJobs().execute(mine, inOrder)).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void looksAtJobsOfAllTimesAndIds() throws SQLException {
    Plans.execute(mine, "delete from que_jobs");
    Plans.execute(
        mine,
        "insert into que_jobs (priority, run_at, job_id, job_class)"
            + " select p, r::timestamptz, i, 'A' from unnest('{-32768, 1, 32767}'::int[]) p,"
            + " unnest('{-infinity, 4714-11-24 00:00:00+00 BC, 0044-03-15 BC,"
            + " 1969-12-31 23:59:59.999999+00, infinity}'::text[]) r,"
            + " unnest('{-9223372036854775808, -1, 0, 9223372036854775807}'::bigint[]) i");
    List<JobKey> due =
        Rows.all(mine).stream().map(JobRow::key).filter(key -> !isEndless(key)).sorted().toList();
    assertThat(due).hasSize(48);
    List<Long> ids = List.of(Long.MIN_VALUE, -1L, 0L, Long.MAX_VALUE);

    // The driver reads the first result as text, and the others as they are.
    for (int i = 0; i < 7; i++) {
      assertThat(sql.lockJobs().execute(mine, "", 100, List.of(), null)).isEqualTo(due);
      JobKey last = null;
      for (JobKey next : due) {
        assertThat(sql.lockJobs().execute(mine, "", 1, List.of(), last)).containsExactly(next);
        assertThat(lockOne(mine, last)).containsExactly(next);
        assertThat(sql.unlockJobs().execute(mine, List.of(next.id(), next.id()))).isEmpty();
        last = next;
      }
      assertThat(sql.lockJobs().execute(mine, "", 1, List.of(), last)).isEmpty();
      assertThat(lockOne(mine, last)).isEmpty();
      for (int k = 0; k < 12; k++) {
        assertThat(sql.unlockJobs().execute(mine, ids)).isEmpty();
      }
      assertThat(db.advisoryLocks()).isZero();
    }
  }

  private static boolean isEndless(JobKey key) {
    return key.runAt().equals(OffsetDateTime.MAX);
  }

  @Test
  void locksWhatThereIsIfMoreIsWanted() throws SQLException {
    sql.lockJobs().execute(others, "", 5_990, List.of(), null);

    assertThat(sql.lockJobs().execute(mine, "", 1_000, List.of(), null)).hasSize(10);
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

    List<JobKey> keys = sql.lockJobs().execute(mine, "", 1_200, List.of(), null);

    assertThat(ids(keys)).isEqualTo(free.subList(0, 1_200));
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

    assertThat(sql.lockJobs().execute(mine, "", 100, List.of(), null)).hasSize(10);
    assertThat(db.advisoryLocks()).isEqualTo(10);
  }

  private static List<Long> ids(List<JobKey> keys) {
    return keys.stream().map(JobKey::id).toList();
  }

  /** Locks one, by itself if that is enough, and has seen it again then. */
  private List<JobKey> lockOne(Connection session, @Nullable JobKey behind) {
    Optional<LockJob.Locked> locked = sql.lockJob().execute(session, "", behind);
    assertThat(locked.map(LockJob.Locked::row).map(JobRow::key))
        .isEqualTo(locked.map(LockJob.Locked::key));
    return locked
        .map(one -> List.of(one.key()))
        .orElseGet(() -> sql.lockJobs().execute(session, "", 1, List.of(), behind));
  }

  private List<Long> idsInOrder() {
    return db.ctx()
        .select(QUE_JOBS.JOB_ID)
        .from(QUE_JOBS)
        .orderBy(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID)
        .fetch(QUE_JOBS.JOB_ID);
  }
}
