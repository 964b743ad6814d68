package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A session finds the locks that it holds, also those that no result told it of. */
class OwnLocksTest {

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection mine;
  private Connection others;

  @BeforeEach
  void twoSessions() {
    mine = db.connect();
    others = db.connect();
  }

  @AfterEach
  void endTheSessionsWithTheirLocks() throws SQLException {
    mine.close();
    others.close();
  }

  @Test
  void areNotThoseOfOthersNorOfOtherKinds() throws SQLException {
    assertThat(sql.selectOwnLocks().execute(mine)).isEmpty();
    Plans.execute(others, "select pg_advisory_lock(1)");
    Plans.execute(mine, "select pg_advisory_lock(2, 3)");
    Plans.execute(mine, "select pg_advisory_lock(id) from unnest(array[5, -1, 1 << 40]) id");
    Plans.execute(
        mine,
        "select pg_advisory_lock(id) from unnest(array[-9223372036854775808, 4294967296, 5]) id");

    assertThat(sql.selectOwnLocks().execute(mine))
        .containsExactlyInAnyOrder(5L, -1L, 1L << 8, Long.MIN_VALUE, 1L << 32);
    assertThat(sql.selectOwnLocks().execute(others)).containsExactly(1L);
  }

  @Test
  void areThereAfterALockQueryThatFailedHalfWay() throws SQLException {
    Plans.load(mine, moreThanTheServerCanLock());
    List<Long> before =
        sql.lockJobs().execute(mine, "", 3, List.of(), null).stream().map(JobKey::id).toList();

    DataAccessException outOfMemory =
        catchThrowableOfType(
            DataAccessException.class,
            () -> sql.lockJobs().execute(mine, "", Integer.MAX_VALUE, before, null));

    assertThat(outOfMemory.sqlState()).isEqualTo("53200");
    Set<Long> locked = sql.selectOwnLocks().execute(mine);
    assertThat(locked).hasSizeGreaterThan(1_000).containsAll(before);
    assertThat(sql.unlockJobs().execute(mine, locked)).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  private int moreThanTheServerCanLock() {
    return 2
        * DSL.using(mine)
            .fetchSingle(
                "select current_setting('max_locks_per_transaction')::int"
                    + " * (100 + current_setting('max_connections')::int"
                    + " + current_setting('max_prepared_transactions')::int)")
            .get(0, Integer.class);
  }
}
