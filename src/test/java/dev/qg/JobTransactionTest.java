package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.util.List;
import org.jooq.Configuration;
import org.jooq.SQLDialect;
import org.jooq.conf.Settings;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.DefaultConfiguration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is written through a job's transaction commits together with the job's deletion only. */
class JobTransactionTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void createEffects() {
    Effects.createTable(db.ctx());
    db.enqueue("MyJob");
  }

  @Test
  void commitsWritesAndDeletionTogether() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      job.delete();
      assertThat(Effects.notes(db.ctx())).isEmpty();
      assertThat(db.jobs()).hasSize(1);
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("effect");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void deletesTheJobWithATransactionThatTheHolderCommits() throws Exception {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      job.delete();
      job.connection().commit();
      assertThat(db.jobs()).isEmpty();
    }

    assertThat(db.jobs()).isEmpty();
    assertThat(Effects.notes(db.ctx())).containsExactly("effect");
  }

  @Test
  void keepsTheJobWithATransactionThatTheHolderRollsBack() throws Exception {
    long id = db.jobs().get(0).getJobId();
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      job.delete();
      job.connection().rollback();
    }

    assertThat(db.job(id).getErrorCount()).isZero();
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  @Test
  void keepsItsConnectionFromAHolderWhoClosesItByHabit() throws Exception {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      try (Connection connection = job.connection()) {
        assertThat(connection.isClosed()).isFalse();
      }
      assertThat(db.advisoryLocks()).isEqualTo(1);
      job.delete();
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("effect");
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void undoesTheWritesOfAJobThatIsGivenBack() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
    }

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void undoesTheWritesOfAJobThatFails() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      job.error("broken");
    }

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).singleElement().returns(1, job -> job.getErrorCount());
  }

  @Test
  void undoesTheDeletionOfAJobThatFailsAfterwards() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      job.delete();
      job.error("broken");
    }

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).singleElement().returns("broken", job -> job.getLastError());
  }

  @Test
  void recordsTheFailureOfAJobWhoseTransactionIsAborted() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "effect");
      Throwable thrown = catchThrowable(() -> job.tx().execute("select 1 / 0"));
      // As jOOQ threw it.
      assertThat(thrown)
          .isInstanceOf(DataAccessException.class)
          .hasMessageStartingWith("SQL [select 1 / 0]");
      job.error(thrown);
    }

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs().get(0).getLastError()).contains("division by zero");
  }

  @Test
  void isOneTransactionForContextAndConnection() throws Exception {
    try (LockedJob job = lock()) {
      assertThat(job.tx()).isSameAs(job.tx());
      assertThat(job.connection().getAutoCommit()).isFalse();
      long first = (long) job.tx().fetchValue("select txid_current()");
      long second =
          job.tx().connectionResult(c -> (long) DSL.using(c).fetchValue("select txid_current()"));
      long third = (long) DSL.using(job.connection()).fetchValue("select txid_current()");
      assertThat(List.of(second, third)).containsOnly(first);
    }
  }

  @Test
  void holdsNoneOpenUntilItIsAskedFor() {
    try (LockedJob job = lock()) {
      assertThat(db.openTransactions()).isZero();
      job.tx();
      job.tx().execute("select 1");
      assertThat(db.openTransactions()).isEqualTo(1);
    }
    assertThat(db.openTransactions()).isZero();
  }

  @Test
  void canNotBeginAfterTheDeletion() {
    try (LockedJob job = lock()) {
      job.delete();

      assertThatThrownBy(job::tx)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll(job.toString(), "before the deletion");
      assertThatThrownBy(job::connection).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void takesMoreWritesAfterADeletionWithinIt() {
    try (LockedJob job = lock()) {
      job.tx();
      job.delete();
      Effects.write(job.tx(), "after");
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("after");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void nestsTransactionsBySavepoints() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "outer");
      job.tx()
          .transaction(
              kept -> {
                Effects.write(DSL.using(kept), "kept");
                undone(kept, "undone in kept");
              });
      undone(job.tx().configuration(), "undone");
      // A nested transaction that was aborted leaves the job's usable.
      assertThatThrownBy(() -> job.tx().transaction(tx -> DSL.using(tx).execute("select 1 / 0")))
          .isInstanceOf(DataAccessException.class);
      job.tx().transaction(tx -> db.qg().enqueue(tx, Job.of("Next")));
      assertThat(Effects.notes(db.ctx())).isEmpty();
      job.delete();
    }

    assertThat(Effects.notes(db.ctx())).containsExactly("kept", "outer");
    assertThat(db.jobs()).singleElement().returns("Next", next -> next.getJobClass());
  }

  @Test
  void takesBackADeletionWithTheNestedTransactionThatItWasPartOf() {
    try (LockedJob job = lock()) {
      Effects.write(job.tx(), "outer");
      assertThatThrownBy(
              () ->
                  job.tx()
                      .transaction(
                          tx -> {
                            job.delete();
                            throw new IllegalStateException("undo");
                          }))
          .hasMessage("undo");
    }

    // Neither deleted nor failed: given back as it was, with nothing written.
    assertThat(db.jobs()).hasSize(1);
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  @Test
  void derivesFromTheConfigurationThatWasGiven() {
    Configuration own =
        new DefaultConfiguration()
            .set(SQLDialect.POSTGRES)
            .set(new Settings().withRenderFormatted(true));
    own.data("key", "value");
    try (Qg qg = Qg.builder(db.dataSource()).configuration(own).build();
        LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(job.tx().settings().isRenderFormatted()).isTrue();
      assertThat(job.tx().data("key")).isEqualTo("value");
      job.tx().deleteFrom(QUE_JOBS).where(DSL.falseCondition()).execute();
    }
    assertThat(own.connectionProvider().acquire()).isNull();
  }

  private static void undone(Configuration within, String name) {
    assertThatThrownBy(
            () ->
                DSL.using(within)
                    .transaction(
                        tx -> {
                          Effects.write(DSL.using(tx), name);
                          throw new IllegalStateException("undo");
                        }))
        .hasMessage("undo");
  }

  private LockedJob lock() {
    return db.qg().lockJob("").orElseThrow();
  }
}
