package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Who works by hand and has lost the job to somebody else can't end it, and what was written for it
 * is there once.
 */
class JobLostTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private LockedJob loser;
  private LockedJob winner;

  /** Two holders of one job: the first lost its lock, by whatever accident. */
  @BeforeEach
  void steal() throws Exception {
    Effects.createTable(db.ctx());
    long id = db.enqueue("MyJob");
    loser = db.qg().lockJob("").orElseThrow();
    Effects.write(loser.tx(), "loser");
    DSL.using(loser.connection(), SQLDialect.POSTGRES)
        .execute("select pg_advisory_unlock(" + id + ")");
    winner = db.qg().lockJob("").orElseThrow();
    assertThat(winner.id()).isEqualTo(id);
    Effects.write(winner.tx(), "winner");
  }

  @Test
  void undoesTheLosersWritesWhenTheWinnerHasDeletedTheJob() {
    winner.delete();
    winner.done();

    assertThatThrownBy(loser::delete)
        .isInstanceOf(JobLostException.class)
        .isInstanceOf(QgException.class)
        .hasMessageContaining(loser.toString());
    loser.done();

    assertThat(Effects.notes(db.ctx())).containsExactly("winner");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void undoesTheLosersWritesWhenTheWinnerHasRetriedTheJob() {
    winner.error("not yet");
    winner.done();

    assertThatThrownBy(loser::delete).isInstanceOf(JobLostException.class);
    loser.done();

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).singleElement().returns("not yet", job -> job.getLastError());
  }

  @Test
  void countsOneErrorWhenBothFail() {
    winner.error("the winner's");
    winner.done();

    assertThatThrownBy(() -> loser.error("the loser's")).isInstanceOf(JobLostException.class);
    loser.done();

    assertThat(db.jobs())
        .singleElement()
        .returns(1, job -> job.getErrorCount())
        .returns("the winner's", job -> job.getLastError());
  }

  @Test
  void undoesTheLosersWritesWhenTheWinnerCommitsLater() throws Exception {
    winner.delete();
    CompletableFuture<Void> deletion = CompletableFuture.runAsync(loser::delete);
    await("the loser waits for the winner's commit")
        .untilAsserted(() -> assertThat(waitingSessions()).isEqualTo(1));

    winner.done();

    assertThatThrownBy(deletion::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(JobLostException.class);
    loser.done();
    assertThat(Effects.notes(db.ctx())).containsExactly("winner");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void letsTheOtherOneWinWhoEndsTheJobFirst() {
    // Fencing knows no owner: the first commit counts, and it is one.
    loser.delete();
    loser.done();

    assertThatThrownBy(winner::delete).isInstanceOf(JobLostException.class);
    winner.done();

    assertThat(Effects.notes(db.ctx())).containsExactly("loser");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void givesUpNoJobThatAnotherHasRetried() throws Exception {
    winner.error("not yet");
    winner.done();
    loser.done();
    long id = db.enqueue("Mortal");
    RetryPolicy once = RetryPolicy.builder().maxAttempts(1).build();
    try (Qg mortal = Qg.builder(db.dataSource()).retryPolicy(once).build();
        LockedJob first = mortal.lockJob("").orElseThrow()) {
      DSL.using(first.connection()).execute("select pg_advisory_unlock(" + id + ")");
      try (LockedJob second = db.qg().lockJob("").orElseThrow()) {
        second.error("not yet");
      }

      assertThatThrownBy(() -> first.error("the last")).isInstanceOf(JobLostException.class);
    }
    assertThat(db.ctx().fetchCount(QG_DEAD_JOBS)).isZero();
    assertThat(db.job(id).getLastError()).isEqualTo("not yet");
  }

  @Test
  void refusesFurtherUse() {
    winner.delete();
    winner.done();
    assertThatThrownBy(loser::delete).isInstanceOf(JobLostException.class);

    assertThatThrownBy(loser::tx).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(loser::delete).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> loser.error("late")).isInstanceOf(JobLostException.class);
    loser.done();
    assertThat(db.advisoryLocks()).isZero();
  }

  private int waitingSessions() {
    return db.sessions("wait_event_type = 'Lock'");
  }
}
