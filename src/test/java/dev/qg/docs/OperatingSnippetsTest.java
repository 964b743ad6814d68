package dev.qg.docs;

import static dev.qg.docs.Shop.HISTORY;
import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.Job;
import dev.qg.JobHooks;
import dev.qg.JobStats;
import dev.qg.LockedJob;
import dev.qg.Qg;
import dev.qg.RetryPolicy;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkerPool;
import dev.qg.WorkingJob;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples of docs/operating.md run as they stand there. */
class OperatingSnippetsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void retriesGivingUpAndReviving() {
    DataSource dataSource = db.dataSource();
    DSLContext ctx = db.ctx();

    Qg qg =
        Qg.builder(dataSource)
            .retryPolicy(RetryPolicy.builder().jitter(0.2).build())
            .retryPolicy(
                "SendReceipt",
                RetryPolicy.builder()
                    .delay(failures -> Duration.ofSeconds(10L * failures))
                    .maxDelay(Duration.ofMinutes(5))
                    .maxAttempts(10)
                    .build())
            .build();

    WorkMap handlers =
        WorkMap.of(
            "SendReceipt",
            job -> {
              throw new IllegalStateException("no such order");
            });
    long id = qg.enqueue(Job.of("SendReceipt"));
    qg.enqueue(Job.of("SendReceipt"));
    ctx.execute("update que_jobs set error_count = 9");
    try (Worker worker = Worker.builder(qg, handlers).build()) {
      while (worker.workOne()) {}
    }

    boolean wasDead = qg.revive(id);

    int revived =
        qg.revive(
            ctx,
            ctx.select(QG_DEAD_JOBS.JOB_ID)
                .from(QG_DEAD_JOBS)
                .where(QG_DEAD_JOBS.LAST_ERROR.contains("no such order"))
                .fetchSet(QG_DEAD_JOBS.JOB_ID));

    assertThat(wasDead).isTrue();
    assertThat(revived).isEqualTo(1);
    assertThat(db.jobs()).hasSize(2);
  }

  @Test
  void tellsWorkersOfThisJvmAfterTheCommit() {
    DSLContext ctx = db.ctx();
    Qg qg = db.qg();

    Configuration configuration = ctx.configuration().derive(qg.transactionListener());
    DSL.using(configuration).transaction(cfg -> qg.enqueue(cfg, Job.of("SendReceipt")));

    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void aHistoryByHooks() {
    DataSource dataSource = db.dataSource();
    Shop.createTables(db.ctx());

    JobHooks history =
        new JobHooks() {
          @Override
          public void onComplete(LockedJob job) {
            job.tx()
                .insertInto(HISTORY)
                .set(HISTORY.JOB_ID, job.id())
                .set(HISTORY.JOB_TYPE, job.type())
                .execute();
          }
        };
    Qg qg = Qg.builder(dataSource).hooks(history).build();

    long id = qg.enqueue(Job.of("SendReceipt"));
    Worker.builder(qg, WorkMap.of("SendReceipt", job -> {})).build().workOne();
    assertThat(db.ctx().fetchValues(HISTORY.JOB_ID)).containsExactly(id);
  }

  @Test
  void seesWhatIsInTheQueueAndWhatIsBeingWorked() {
    Qg qg = db.qg();
    db.enqueue("SendReceipt");
    List<String> lines = new ArrayList<>();
    try (LockedJob held = qg.lockJob("").orElseThrow()) {

      for (JobStats line : qg.stats()) {
        Duration behind = Duration.between(line.oldestRunAt(), Instant.now());
        lines.add(line.type() + ": " + line.count() + " jobs, the oldest due for " + behind);
      }
      for (WorkingJob job : qg.working()) {
        lines.add(job.id() + " is locked by backend " + job.pid() + " since " + job.since());
      }

      assertThat(held.type()).isEqualTo("SendReceipt");
    }
    assertThat(lines).hasSize(2);
  }

  @Test
  void shutsDownWithTheJvm() throws Exception {
    Qg qg = db.qg();
    WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("SendReceipt", job -> {})).build();
    pool.start();

    Thread atExit = new Thread(() -> pool.shutdown(Duration.ofSeconds(20)));
    Runtime.getRuntime().addShutdownHook(atExit);

    assertThat(Runtime.getRuntime().removeShutdownHook(atExit)).isTrue();
    atExit.start();
    atExit.join();
  }

  @Test
  void worksByHand() {
    Qg qg = db.qg();
    long id = db.enqueue("SendReceipt");
    List<Long> seen = new ArrayList<>();

    qg.lockJob("")
        .ifPresent(
            locked -> {
              try (LockedJob job = locked) {
                seen.add(job.id());
                job.delete();
              }
            });

    assertThat(seen).containsExactly(id);
    assertThat(db.jobs()).isEmpty();
  }
}
