package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What hooks write commits together with the completion or failure of the job, or not at all. */
class JobHooksTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final List<Throwable> errors = new ArrayList<>();

  @BeforeEach
  void createTables() {
    Effects.createTable(db.ctx());
    db.ctx().execute("create table ends (xid xid8 not null default pg_current_xact_id())");
    db.ctx()
        .execute(
            "create function ended() returns trigger language plpgsql"
                + " as 'begin insert into ends default values; return coalesce(new, old); end'");
    db.ctx()
        .execute(
            "create trigger ended before delete or update on que_jobs"
                + " for each row execute function ended()");
  }

  /** Writes what it is called for. */
  private class Writing implements JobHooks {
    @Override
    public void onComplete(LockedJob job) {
      Effects.write(job.tx(), "completed " + job.type());
    }

    @Override
    public void onFailure(LockedJob job, Throwable error) {
      errors.add(error);
      Effects.write(job.tx(), "failed " + job.type());
    }
  }

  @Test
  void writeInTheTransactionOfTheDeletion() {
    db.enqueue("Do");
    work(new Writing(), job -> Effects.write(job.tx(), "the handler's"));
    assertThat(notes()).containsExactly("completed Do", "the handler's");
    assertThat(db.jobs()).isEmpty();
    assertAllInOneTransaction();
  }

  @Test
  void writeInTheTransactionOfTheDeletionOfAJobWithoutOne() {
    db.enqueue("Do");
    work(new Writing(), job -> {});
    assertThat(notes()).containsExactly("completed Do");
    assertThat(db.jobs()).isEmpty();
    assertAllInOneTransaction();
  }

  @Test
  void writeInTheTransactionOfTheRetryAndWhatTheHandlerWroteIsUndone() {
    db.enqueue("Do");
    IllegalStateException error = new IllegalStateException("no");
    work(
        new Writing(),
        job -> {
          Effects.write(job.tx(), "the handler's");
          throw error;
        });
    assertThat(notes()).containsExactly("failed Do");
    assertThat(errors).containsExactly(error);
    assertThat(db.jobs()).singleElement().matches(job -> job.getErrorCount() == 1);
    assertAllInOneTransaction();
  }

  @Test
  void failTheJobWhenTheHookForItsCompletionThrows() {
    long id = db.enqueue("Do");
    work(
        new JobHooks() {
          @Override
          public void onComplete(LockedJob job) throws Exception {
            Effects.write(job.tx(), "the hook's");
            throw new Exception("no completion");
          }
        },
        job -> Effects.write(job.tx(), "the handler's"));
    assertThat(notes()).isEmpty();
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("no completion");
  }

  @Test
  void recordBothErrorsWhenTheHookForTheFailureThrows() {
    long id = db.enqueue("Do");
    work(
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            Effects.write(job.tx(), "the hook's");
            throw new AssertionError("the hook's error");
          }
        },
        job -> {
          throw new IllegalStateException("x".repeat(100_000), deep(100));
        });
    assertThat(notes()).isEmpty();
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError())
        .startsWith("java.lang.IllegalStateException: xxx")
        .contains("AssertionError: the hook's error");
  }

  @Test
  void recordTheFailureAlsoWhenAStatementOfTheHookFails() {
    long id = db.enqueue("Do");
    work(
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            job.tx().execute("select 1 / 0");
          }
        },
        job -> {
          throw new IllegalStateException("no");
        });
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("no\n").contains("division by zero");
  }

  @Test
  void recordTheFailureAlsoWhenTheHookSwallowsTheErrorOfAStatement() {
    long id = db.enqueue("Do");
    work(
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            assertThatThrownBy(() -> job.tx().execute("select 1 / 0"))
                .hasMessageContaining("division by zero");
          }
        },
        job -> {
          throw new IllegalStateException("no");
        });
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError())
        .contains("no\n")
        .contains("A statement has failed in the job's transaction");
  }

  @Test
  void cannotEndTheJobThemselves() {
    long id = db.enqueue("Do");
    work(
        new JobHooks() {
          @Override
          public void onFailure(LockedJob job, Throwable error) {
            job.tx();
            job.delete();
          }
        },
        job -> {
          throw new IllegalStateException("no");
        });
    assertThat(db.job(id).getErrorCount()).isOne();
    assertThat(db.job(id).getLastError()).contains("Can't delete job " + id);
    assertThat(logs.events("job_lost")).isEmpty();
  }

  @Test
  void areCalledForJobsWorkedByHand() {
    db.enqueue("Good");
    byHand(LockedJob::delete);
    long bad = db.enqueue("Bad");
    byHand(job -> job.error("by hand"));
    assertThat(notes()).containsExactly("completed Good", "failed Bad");
    assertThat(errors)
        .singleElement()
        .matches(error -> error instanceof QgException && error.getMessage().equals("by hand"));
    assertThat(db.job(bad).getLastError()).isEqualTo("by hand");
  }

  @Test
  void refuseTheDeletionByHandOfAJobWhoseCompletionTheyRefuse() {
    db.enqueue("Good");
    Qg qg =
        qg(
            new JobHooks() {
              @Override
              public void onComplete(LockedJob job) throws Exception {
                throw new Exception("no completion");
              }
            });
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThatThrownBy(job::delete)
          .isInstanceOf(QgException.class)
          .hasStackTraceContaining("no completion");
    }
    assertThat(db.jobs()).singleElement().matches(job -> job.getErrorCount() == 0);
  }

  private void byHand(java.util.function.Consumer<LockedJob> end) {
    try (LockedJob job = qg(new Writing()).lockJob("").orElseThrow()) {
      end.accept(job);
    }
  }

  private void work(JobHooks hooks, WorkFunc function) {
    WorkMap map = WorkMap.of("Do", function);
    assertThat(Worker.builder(qg(hooks), map).build().workOne()).isTrue();
    assertThat(db.advisoryLocks()).isZero();
  }

  private Qg qg(JobHooks hooks) {
    return Qg.builder(db.dataSource()).hooks(hooks).build();
  }

  private List<String> notes() {
    return Effects.notes(db.ctx());
  }

  private void assertAllInOneTransaction() {
    assertThat(db.ctx().fetchValues("select distinct xid::text from effects"))
        .hasSize(1)
        .isEqualTo(db.ctx().fetchValues("select xid::text from ends"));
  }

  private static Exception deep(int causes) {
    Exception error = new Exception("y".repeat(3_000));
    for (int i = 0; i < causes; i++) {
      error = new Exception("y".repeat(3_000), error);
    }
    return error;
  }
}
