package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job's transaction begins when it is asked for, and commits together with the deletion. */
class LazyTransactionTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<String> seen = new ArrayList<>();

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void aHandlerThatNeverAsksForTheTransactionHoldsNoneOpen() {
    db.enqueue("Look");
    work(job -> seen.add(stateOfTheSessionThatHolds(job)));
    assertThat(seen).containsExactly("idle");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void aHandlerThatAsksForTheTransactionHasItUntilTheEnd() {
    db.enqueue("Look");
    work(
        job -> {
          job.tx().selectOne().execute();
          seen.add(stateOfTheSessionThatHolds(job));
        });
    assertThat(seen).containsExactly("idle in transaction");
  }

  @Test
  void theTransactionRunsOnTheSessionThatHoldsTheLock() {
    db.enqueue("Look");
    work(
        job ->
            assertThat(job.tx().fetchValue("select pg_backend_pid()"))
                .isEqualTo(db.qg().working().get(0).pid()));
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void theWritesAndTheDeletionAreVisibleTogether() {
    db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "written");
          assertThat(Effects.notes(db.ctx())).isEmpty();
          assertThat(db.jobs()).hasSize(1);
        });
    assertThat(Effects.notes(db.ctx())).containsExactly("written");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void theWritesAndTheDeletionAreOfOneTransaction() {
    db.ctx().execute("create table deletions (xid xid8 not null default pg_current_xact_id())");
    db.ctx()
        .execute(
            "create function deleted() returns trigger language plpgsql"
                + " as 'begin insert into deletions default values; return old; end'");
    db.ctx()
        .execute(
            "create trigger deleted before delete on que_jobs"
                + " for each row execute function deleted()");
    db.enqueue("Write");
    work(job -> Effects.write(job.tx(), "written"));
    assertThat(db.ctx().fetchValues("select xid::text from effects"))
        .hasSize(1)
        .isEqualTo(db.ctx().fetchValues("select xid::text from deletions"));
  }

  @Test
  void aNestedTransactionCanBeUndoneAlone() {
    db.enqueue("Write");
    work(
        job -> {
          Effects.write(job.tx(), "outer");
          assertThatThrownBy(
                  () ->
                      job.tx()
                          .transaction(
                              nested -> {
                                Effects.write(nested.dsl(), "inner");
                                throw new IllegalArgumentException("undo");
                              }))
              .hasMessage("undo");
          job.tx().transaction(nested -> Effects.write(nested.dsl(), "second inner"));
        });
    assertThat(Effects.notes(db.ctx())).containsExactly("outer", "second inner");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void aTransactionThatWasKeptIsOfNoUseAfterTheJob() {
    db.enqueue("Write");
    List<DSLContext> kept = new ArrayList<>();
    work(job -> kept.add(job.tx()));
    assertThatThrownBy(() -> Effects.write(kept.get(0), "too late"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> kept.get(0).transaction(nested -> {}))
        .isInstanceOf(RuntimeException.class);
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  @Test
  void aTransactionIsOfNoUseAfterTheJobWasFailedInIt() {
    db.enqueue("Write");
    work(
        job -> {
          DSLContext tx = job.tx();
          Effects.write(tx, "undone");
          job.error("no");
          Effects.write(tx, "outside of any transaction");
        });
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).singleElement().matches(job -> job.getErrorCount() == 1);
  }

  @Test
  void aJobThatWasDeletedAndCommittedHasNoTransactionAnyMore() {
    db.enqueue("Write");
    work(
        job -> {
          job.delete();
          assertThatThrownBy(job::tx).isInstanceOf(IllegalStateException.class);
        });
    assertThat(db.jobs()).isEmpty();
  }

  private void work(WorkFunc function) {
    WorkMap map = WorkMap.builder().add("Look", function).add("Write", function).build();
    assertThat(Worker.builder(db.qg(), map).build().workOne()).isTrue();
  }

  private String stateOfTheSessionThatHolds(LockedJob job) {
    WorkingJob working =
        db.qg().working().stream().filter(one -> one.id() == job.id()).findAny().orElseThrow();
    return db.ctx()
        .fetchValue("select state from pg_stat_activity where pid = ?", working.pid())
        .toString();
  }
}
