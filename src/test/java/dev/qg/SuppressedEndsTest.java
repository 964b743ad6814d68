package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The end of a job may hit no row although the row is there. That is told as it is, the job does
 * not run again and again, and nothing is lost.
 */
class SuppressedEndsTest {

  private static final RetryPolicy LATER = RetryPolicy.builder().delay(Duration.ofHours(1)).build();
  private static final RetryPolicy NEVER =
      RetryPolicy.builder().delay(Duration.ofHours(1)).maxAttempts(1).build();

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();

  private final WorkMap map =
      WorkMap.builder()
          .add("Plain", job -> runs.incrementAndGet())
          .add(
              "InTransaction",
              job -> {
                runs.incrementAndGet();
                job.tx().execute("select 1");
              })
          .add(
              "Fails",
              job -> {
                runs.incrementAndGet();
                throw new IllegalStateException("no use");
              })
          .build();

  private void suppress(String actions, String table) {
    db.ctx()
        .execute(
            """
            create function suppress() returns trigger language plpgsql as $$ begin return null; end $$;
            create trigger suppress before %s on %s for each row execute function suppress();
            """
                .formatted(actions, table));
  }

  private void allow(String table) {
    db.ctx().execute("drop trigger suppress on " + table);
  }

  @ParameterizedTest
  @CsvSource({"WORKERS, Plain", "WORKERS, InTransaction", "POOL, InTransaction"})
  void isAFailureOfTheJob(Way way, String type) throws Exception {
    suppress("delete", "que_jobs");
    Qg qg = db.closeLater(Qg.builder(db.pool(8)).retryPolicy(LATER).build());
    long id = qg.enqueue(Job.of(type));

    way.start(qg, map, "").during(() -> await().until(() -> db.job(id).getErrorCount() == 1));

    assertThat(runs).hasValue(1);
    assertThat(db.job(id).getLastError()).contains("is there, but").contains("a trigger");
    assertThat(logs.events("job_lost")).isEmpty();
    assertThat(logs.events("job_failed")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100})
  void isTriedAgainWithoutRunningTheJobs(int count) throws Exception {
    suppress("delete or update", "que_jobs");
    Qg qg = db.closeLater(Qg.builder(db.pool(8)).retryPolicy(LATER).build());
    qg.enqueueAll(Collections.nCopies(count, Job.of("Plain")));

    Way.POOL
        .start(qg, map, "")
        .during(
            () -> {
              await().until(() -> !logs.events("end_not_recorded").isEmpty());
              allow("que_jobs");
              await().until(() -> db.jobs().isEmpty());
            });

    assertThat(runs).hasValue(count);
    assertThat(logs.events("job_lost")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void isTriedAgainWhereAFailureCanNotBeRecorded(Way way) throws Exception {
    suppress("delete or update", "que_jobs");
    Qg qg = db.closeLater(Qg.builder(db.pool(8)).retryPolicy(LATER).build());
    List<Long> ids = qg.enqueueAll(Collections.nCopies(2, Job.of("Fails")));

    way.start(qg, map, "")
        .during(
            () -> {
              String event = way == Way.POOL ? "end_not_recorded" : "failure_not_recorded";
              await().until(() -> !logs.events(event).isEmpty());
              allow("que_jobs");
              await().until(() -> ids.stream().allMatch(id -> db.job(id).getErrorCount() == 1));
            });

    assertThat(runs).hasValue(2);
    assertThat(logs.events("job_lost")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aJobThatCanNotBeGivenUpIsKept(Way way) throws Exception {
    suppress("insert", "qg_dead_jobs");
    Qg qg = db.closeLater(Qg.builder(db.pool(8)).retryPolicy(NEVER).build());
    long id = qg.enqueue(Job.of("Fails"));

    way.start(qg, map, "").during(() -> await().until(() -> db.job(id).getErrorCount() == 1));

    assertThat(db.job(id).getLastError()).contains("could not be given up").contains("no use");
    assertThat(logs.events("burial_failed")).hasSize(1);
    assertThat(logs.events("job_lost")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aJobThatCanNotBeRevivedStaysDead(boolean notifications) {
    Qg qg =
        db.closeLater(
            Qg.builder(db.dataSource()).notifications(notifications).retryPolicy(NEVER).build());
    long id = qg.enqueue(Job.of("A"));
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      job.error("no use");
    }
    suppress("insert", "que_jobs");

    assertThatThrownBy(() -> qg.revive(id)).hasMessageContaining("has not taken 1 of 1 jobs");

    assertThat(db.ctx().fetchCount(QG_DEAD_JOBS)).isOne();
  }

  @Test
  void tellsWhoWorksByHand() {
    suppress("delete or update", "que_jobs");
    db.enqueue("A");

    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThatThrownBy(job::delete).hasMessageContaining("is there, but");
    }
    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThatThrownBy(() -> job.error("no use")).hasMessageContaining("is there, but");
    }
    assertThat(db.jobs()).hasSize(1);
  }
}
