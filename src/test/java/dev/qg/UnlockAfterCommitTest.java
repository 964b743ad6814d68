package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.TestDatabase;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job's lock is released when the commit of its end is over, and not before. */
class UnlockAfterCommitTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void holdsWhileTheDeletionCommits() throws Exception {
    isHeldDuring(
        job -> {
          job.tx();
          job.delete();
        });
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void holdsWhileADeletionCommitsByItself() throws Exception {
    isHeldDuring(LockedJob::delete);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void holdsWhileAFailureCommits() throws Exception {
    isHeldDuring(job -> job.error("broken"));
    assertThat(db.jobs()).hasSize(1);
  }

  /** Lets the commit hang, by a trigger that waits for a lock which the test holds. */
  private void isHeldDuring(Consumer<LockedJob> end) throws Exception {
    db.ctx()
        .execute(
            """
            create function wait_in_commit() returns trigger language plpgsql as
              $$ begin perform pg_advisory_xact_lock(1, 1); return null; end $$;
            create constraint trigger wait_in_commit after update or delete on que_jobs
              deferrable initially deferred for each row execute function wait_in_commit();
            """);
    long id = db.enqueue("MyJob");
    DSLContext test = db.session();
    test.execute("select pg_advisory_lock(1, 1)");
    LockedJob job = db.qg().lockJob("").orElseThrow();

    CompletableFuture<Void> ending =
        CompletableFuture.runAsync(
            () -> {
              end.accept(job);
              job.done();
            });
    await("the commit hangs").untilAsserted(() -> assertThat(commitsThatHang()).isEqualTo(1));
    assertThat(test.fetchValue("select pg_try_advisory_lock(" + id + ")")).isEqualTo(false);
    assertThat(db.qg().lockJob("")).isEmpty();

    test.execute("select pg_advisory_unlock(1, 1)");
    ending.get();
    assertThat(test.fetchValue("select pg_try_advisory_lock(" + id + ")")).isEqualTo(true);
    test.execute("select pg_advisory_unlock_all()");
  }

  private int commitsThatHang() {
    return db.ctx()
        .fetchCount(
            DSL.table("pg_stat_activity"),
            DSL.condition("datname = current_database() and wait_event = 'advisory'"));
  }
}
