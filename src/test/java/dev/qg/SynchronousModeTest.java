package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jooq.JSON;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** In synchronous mode a job is worked at once, in the transaction that enqueues it. */
class SynchronousModeTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<LockedJob> seen = new ArrayList<>();
  private Qg qg;

  @BeforeEach
  void createClient() {
    Effects.createTable(db.ctx());
    qg =
        Qg.builder(db.dataSource())
            .synchronous(
                WorkMap.builder()
                    .add(
                        "Write",
                        job -> {
                          seen.add(job);
                          Effects.write(job.tx(), "effect");
                        })
                    .add(
                        "Fail",
                        job -> {
                          Effects.write(job.tx(), "half");
                          throw new IOException("no network");
                        })
                    .add("Divide", job -> job.tx().execute("select 1 / 0"))
                    .add("Retry", job -> job.error("later"))
                    .add(
                        "Twice",
                        job -> {
                          qg.enqueue(job.tx(), Job.of("Write"));
                          qg.enqueue(job.tx(), Job.of("Write"));
                        })
                    .build())
            .build();
    db.closeLater(qg);
  }

  @Test
  void worksTheJobBeforeEnqueueReturns() {
    long id = qg.enqueue(Job.of("Write").withArgs("[1]").withQueue("q").withPriority(3));

    assertThat(seen)
        .singleElement()
        .returns(id, LockedJob::id)
        .returns("q", LockedJob::queue)
        .returns((short) 3, LockedJob::priority)
        .returns(JSON.json("[1]"), LockedJob::args)
        .returns(0, LockedJob::errorCount);
    assertThat(Effects.notes(db.ctx())).containsExactly("effect");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void worksInTheCallersTransaction() {
    db.ctx()
        .transaction(
            tx -> {
              qg.enqueue(tx, Job.of("Write"));
              assertThat(Effects.notes(tx.dsl())).hasSize(1);
              assertThat(Effects.notes(db.ctx())).isEmpty();
            });
    assertThat(Effects.notes(db.ctx())).containsExactly("effect");

    assertThatThrownBy(
            () ->
                db.ctx()
                    .transaction(
                        tx -> {
                          qg.enqueue(tx, Job.of("Write"));
                          throw new IllegalStateException("undo");
                        }))
        .hasMessage("undo");
    assertThat(Effects.notes(db.ctx())).hasSize(1);
  }

  @Test
  void worksManyInTheirOrderAllOrNone() {
    assertThat(qg.enqueueAll(List.of(Job.of("Write"), Job.of("Write"), Job.of("Write"))))
        .isEqualTo(seen.stream().map(LockedJob::id).toList())
        .hasSize(3);
    assertThat(Effects.notes(db.ctx())).hasSize(3);

    assertThatThrownBy(() -> qg.enqueueAll(List.of(Job.of("Write"), Job.of("Fail"))))
        .isInstanceOf(QgException.class);
    assertThat(Effects.notes(db.ctx())).hasSize(3);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void worksTheJobsThatAJobEnqueues() {
    qg.enqueue(Job.of("Twice"));

    assertThat(Effects.notes(db.ctx())).hasSize(2);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void leavesJobsForLaterToLater() {
    long id = qg.enqueue(Job.of("Write").withRunAt(Instant.parse("2001-02-03T04:05:06Z")));

    assertThat(seen).isEmpty();
    assertThat(db.jobs()).singleElement().returns(id, job -> job.getJobId());
  }

  @Test
  void throwsWhatTheHandlerThrewAndUndoesTheJob() {
    assertThatThrownBy(() -> qg.enqueue(Job.of("Fail")))
        .isInstanceOf(QgException.class)
        .hasMessageContaining("Fail")
        .cause()
        .isInstanceOf(IOException.class)
        .hasMessage("no network");
    assertThatThrownBy(() -> qg.enqueue(Job.of("Divide"))).isInstanceOf(DataAccessException.class);

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void leavesACallerWhoCatchesThatWithTheTransactionAsItWas() {
    db.ctx()
        .transaction(
            tx -> {
              Effects.write(DSL.using(tx), "caller");
              for (String type : List.of("Fail", "Divide", "Unknown")) {
                assertThat(catchThrowable(() -> qg.enqueue(tx, Job.of(type))))
                    .isInstanceOf(RuntimeException.class);
              }
              assertThat(DSL.using(tx).fetchCount(QUE_JOBS)).isZero();
            });

    assertThat(Effects.notes(db.ctx())).containsExactly("caller");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void refusesTypesThatNobodyWorks() {
    assertThatThrownBy(() -> qg.enqueue(Job.of("Unknown")))
        .isInstanceOf(QgException.class)
        .hasMessage("unknown job type: \"Unknown\"");
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void keepsAJobThatRecordsItsOwnFailure() {
    long id = qg.enqueue(Job.of("Retry"));

    assertThat(db.job(id))
        .returns("later", job -> job.getLastError())
        .returns(1, job -> job.getErrorCount());
  }

  @Test
  void takesNoAdvisoryLock() {
    db.ctx()
        .transaction(
            tx -> {
              qg.enqueue(tx, Job.of("Write"));
              assertThat(db.advisoryLocks()).isZero();
            });
  }
}
