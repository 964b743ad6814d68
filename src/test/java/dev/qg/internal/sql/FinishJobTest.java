package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job is deleted, and then its lock released, or neither. */
class FinishJobTest {

  private final Statements sql = Statements.of(null);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Connection session;
  private JobKey key;

  @BeforeEach
  void lockAJob() {
    db.enqueue("A");
    session = db.connect();
    key = sql.lockJob().execute(session, "", null).orElseThrow().key();
  }

  @AfterEach
  void endTheSession() throws SQLException {
    session.close();
  }

  @Test
  void deletesItAndReleasesItsLock() {
    assertThat(sql.finishJob().execute(session, key)).isEqualTo(new FinishJob.Finished(true, true));
    assertThat(db.jobs()).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void tellsThatItWasLost() {
    db.ctx().execute("update que_jobs set run_at = run_at + interval '1 s'");

    assertThat(sql.finishJob().execute(session, key))
        .isEqualTo(new FinishJob.Finished(false, true));
    assertThat(db.jobs()).hasSize(1);
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void tellsThatTheLockWasGone() {
    sql.unlockJobs().execute(session, List.of(key.id()));

    assertThat(sql.finishJob().execute(session, key))
        .isEqualTo(new FinishJob.Finished(true, false));
  }

  @Test
  void keepsTheLockIfTheDeletionFails() throws SQLException {
    refuse("trigger refused before delete on que_jobs");
    failsAndKeepsTheLock();
  }

  @Test
  void keepsTheLockIfTheCommitFails() throws SQLException {
    refuse("constraint trigger refused after delete on que_jobs deferrable initially deferred");
    failsAndKeepsTheLock();
  }

  private void refuse(String trigger) throws SQLException {
    db.ctx()
        .execute(
            "create function refuse() returns trigger language plpgsql"
                + " as $$ begin raise exception 'refused'; end $$");
    db.ctx().execute("create " + trigger + " for each row execute function refuse()");
  }

  private void failsAndKeepsTheLock() throws SQLException {
    // Also when the statements are prepared.
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> sql.finishJob().execute(session, key))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContaining("refused");
    }
    assertThat(db.jobs()).hasSize(1);
    assertThat(db.advisoryLocks()).isOne();
    // The session is in no transaction, which would have failed.
    Plans.execute(session, "drop trigger refused on que_jobs");
    assertThat(sql.finishJob().execute(session, key)).isEqualTo(new FinishJob.Finished(true, true));
  }
}
