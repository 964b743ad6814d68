package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The lock query's snapshot is older than its locks, which a cursor forces: it returns a job that
 * is done already, and only a second look can tell.
 */
class StaleSnapshotTest {

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void locksAJobThatIsGoneAndTheSecondLookDoesNotFindIt() throws SQLException {
    long id = db.enqueue("A");
    Connection other = db.connect();
    try (Connection session = db.connect()) {
      session.setAutoCommit(false);
      declare(session);

      // The cursor has its snapshot, and nothing else yet. The other session does the job.
      JobKey done = sql.lockJobs().execute(other, "", 1, List.of(), null).get(0);
      assertThat(sql.deleteJob().execute(other, done)).isTrue();
      assertThat(sql.unlockJobs().execute(other, List.of(id))).isEmpty();

      JobKey stale = fetch(session);
      assertThat(stale).isEqualTo(done);
      assertThat(db.advisoryLocks()).isOne();
      assertThat(sql.rereadJobs().execute(session, "", List.of(stale), 1).rows()).isEmpty();
    }
  }

  @Test
  void locksAJobThatWaitsForItsRetryAndTheSecondLookDoesNotFindIt() throws SQLException {
    long id = db.enqueue("A");
    Connection other = db.connect();
    try (Connection session = db.connect()) {
      session.setAutoCommit(false);
      declare(session);

      JobKey failed = sql.lockJobs().execute(other, "", 1, List.of(), null).get(0);
      assertThat(sql.scheduleRetry().execute(other, failed, Duration.ZERO, "error")).isTrue();
      assertThat(sql.unlockJobs().execute(other, List.of(id))).isEmpty();

      JobKey stale = fetch(session);
      assertThat(stale).isEqualTo(failed);
      assertThat(sql.rereadJobs().execute(session, "", List.of(stale), 1).rows()).isEmpty();
      assertThat(db.job(id).getErrorCount()).isOne();
    }
  }

  private void declare(Connection session) throws SQLException {
    String query = Sent.by(c -> sql.lockJobs().execute(c, "", 1, List.of(), null));
    try (PreparedStatement declare = session.prepareStatement("declare jobs cursor for " + query)) {
      Long[] held = {};
      Object[] values = {1, TimestampText.of(OffsetDateTime.MIN), 1L, "", held, "", "", held, 1L};
      for (int i = 0; i < values.length; i++) {
        declare.setObject(
            i + 1,
            values[i] instanceof Long[] ids ? session.createArrayOf("int8", ids) : values[i]);
      }
      declare.execute();
    }
  }

  private static JobKey fetch(Connection session) throws SQLException {
    try (Statement fetch = session.createStatement();
        ResultSet row = fetch.executeQuery("fetch all from jobs")) {
      assertThat(row.next()).isTrue();
      return new JobKey(
          "", row.getShort(1), row.getObject(2, OffsetDateTime.class), row.getLong(3));
    }
  }
}
