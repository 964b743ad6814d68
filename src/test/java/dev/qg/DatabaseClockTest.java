package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.TestDatabase;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collections;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The database's clock alone decides what is due. */
class DatabaseClockTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void givesWhatIsDueNowByTheDatabasesClock() {
    insert("now()");

    db.qg().lockJob("").orElseThrow().done();
  }

  @Test
  void leavesWhatIsNotDueYet() {
    insert("now() + interval '1 minute'");
    insert("'infinity'");

    assertThat(db.qg().lockJob("")).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void givesAJobAsSoonAsItIsDueAndNotBefore() {
    insert("clock_timestamp() + interval '300 milliseconds'");
    OffsetDateTime due = db.jobs().get(0).getRunAt();

    LockedJob job = await().until(() -> db.qg().lockJob("").orElse(null), found -> found != null);

    assertThat(databaseTime()).isAfterOrEqualTo(due);
    job.done();
  }

  /** In here the database's clock is years away from that of this machine. */
  @Test
  void followsTheDatabasesClockWhereItIsWrong() {
    db.replaceFunction(
        "now()",
        "returns timestamptz language sql stable as $$ select timestamptz '2001-02-03 04:05:06Z' $$");
    insert("'2001-02-03 04:05:05+00'");
    insert("'2001-02-03 04:05:07+00'");
    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThat(job.runAt()).isEqualTo("2001-02-03T04:05:05Z");
      assertThat(db.qg().lockJob("")).isEmpty();
      job.error("again");
    }
    assertThat(db.jobs().get(1).getRunAt().toInstant())
        .isEqualTo(Instant.parse("2001-02-03T04:05:10Z"));
  }

  @Test
  void decidesFromWhenOnAJobIsDueThatSetsNoTime() {
    OffsetDateTime before = databaseTime();
    long one = db.enqueue("MyJob");
    long many = db.qg().enqueueAll(Collections.nCopies(500, Job.of("MyJob"))).get(499);

    assertThat(db.job(one).getRunAt()).isBetween(before, databaseTime());
    assertThat(db.job(many).getRunAt()).isBetween(before, databaseTime());
  }

  private void insert(String runAt) {
    db.ctx().execute("insert into que_jobs (job_class, run_at) values ('MyJob', " + runAt + ")");
  }

  private OffsetDateTime databaseTime() {
    return db.ctx().fetchValue(DSL.field("clock_timestamp()", QUE_JOBS.RUN_AT.getDataType()));
  }
}
