package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A session gets a lock that it holds once more: a batch leaves out what its session holds. */
class SessionLocksStackTest {

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection session;
  private Connection other;

  @BeforeEach
  void tenJobs() throws SQLException {
    session = db.connect();
    other = db.connect();
    Plans.load(session, 10);
  }

  @AfterEach
  void endTheSessionsWithTheirLocks() throws SQLException {
    session.close();
    other.close();
  }

  @Test
  void leavesOutWhatTheSessionHolds() {
    List<Long> first = lock(session, 4, List.of());
    List<Long> second = lock(session, 4, first);

    assertThat(second).hasSize(4).doesNotContainAnyElementsOf(first);
    assertThat(db.advisoryLocks()).isEqualTo(8);
    assertThat(sql.unlockJobs().execute(session, first)).isEmpty();
    assertThat(sql.unlockJobs().execute(session, second)).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void locksTwiceWhatItIsNotToldOf() {
    List<Long> first = lock(session, 4, List.of());
    List<Long> again = lock(session, 4, List.of());
    assertThat(again).containsExactlyInAnyOrderElementsOf(first);
    assertThat(db.advisoryLocks()).as("the view shows a stacked lock once").isEqualTo(4);

    // Released once, it is held all the same: nobody else can have the jobs.
    assertThat(sql.unlockJobs().execute(session, first)).isEmpty();
    assertThat(db.advisoryLocks()).isEqualTo(4);
    assertThat(lock(other, 10, List.of())).hasSize(6).doesNotContainAnyElementsOf(first);

    assertThat(sql.unlockJobs().execute(session, first)).isEmpty();
    assertThat(db.advisoryLocks()).isEqualTo(6);
  }

  @Test
  void tellsWhatItDidNotHoldOfWhatItReleased() {
    List<Long> held = lock(session, 3, List.of());
    assertThat(sql.unlockJobs().execute(session, held.subList(1, 2))).isEmpty();
    assertThat(sql.unlockJobs().execute(session, held)).containsExactly(held.get(1));
    assertThat(sql.unlockJobs().execute(session, held)).isEqualTo(held);
    assertThat(sql.unlockJobs().execute(session, List.of())).isEmpty();
  }

  private List<Long> lock(Connection on, int limit, List<Long> held) {
    return sql.lockJobs().execute(on, "", limit, held, null).stream().map(JobKey::id).toList();
  }
}
