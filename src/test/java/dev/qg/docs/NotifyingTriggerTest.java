package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.fixture.ForeignNames;
import dev.qg.fixture.Notifications;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.JobNotice;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The trigger of docs/operating.md tells workers of jobs that other clients enqueue. */
class NotifyingTriggerTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Notifications notifications;

  @BeforeEach
  void install() {
    db.ctx().execute(Document.read("docs/operating.md").sql("CREATE TRIGGER"));
    notifications = Notifications.of(db);
  }

  @Test
  void tellsOfAJobThatPlainSqlInserts() {
    db.ctx().execute("insert into que_jobs (job_class) values ('MyJob')");

    OffsetDateTime runAt = db.jobs().get(0).getRunAt();
    assertThat(heard())
        .containsExactly(
            new JobNotice("", (short) 100, runAt.withOffsetSameInstant(ZoneOffset.UTC)));
  }

  @Test
  void tellsOfTheEarliestDueJobOfEachQueueAndPriority() {
    db.ctx()
        .execute(
            """
            insert into que_jobs (job_class, queue, priority, run_at)
            values ('A', 'q', 1, '2001-01-01 00:00:02+00'),
                   ('A', 'q', 1, '2001-01-01 00:00:01.5+00'),
                   ('A', 'q', 2, '2001-01-01 00:00:03+00'),
                   ('A', 'a ''b" c', -1, '2001-01-01 00:00:04+00'),
                   ('A', 'later', 1, now() + interval '1 hour')
            """);

    OffsetDateTime second = OffsetDateTime.parse("2001-01-01T00:00:00Z");
    assertThat(heard())
        .containsExactlyInAnyOrder(
            new JobNotice("q", (short) 1, second.plusNanos(1_500_000_000)),
            new JobNotice("q", (short) 2, second.plusSeconds(3)),
            new JobNotice("a 'b\" c", (short) -1, second.plusSeconds(4)));
  }

  @Test
  void leavesOutAQueueThatIsTooLong() {
    db.ctx().execute("insert into que_jobs (job_class, queue) values ('A', repeat('🐘', 3000))");

    assertThat(heard()).singleElement().returns(null, JobNotice::queue);
  }

  @Test
  void runsNothingForeign() {
    ForeignNames.make(db);
    for (String path : ForeignNames.PATHS) {
      DSLContext session = db.session();
      session.execute("set search_path = " + path);
      session.execute("insert into que_jobs (job_class, queue) values ('A', 'q')");
      assertThat(heard()).hasSize(1);
    }
    assertThat(ForeignNames.haveRun(db.ctx())).isFalse();
  }

  @Test
  void tellsNothingWhereNothingIsInserted() {
    db.ctx().execute("insert into que_jobs (job_class) select 'A' where false");

    assertThat(heard()).isEmpty();
  }

  @Test
  void needsNoOtherNotifications() {
    try (Qg qg = Qg.builder(db.dataSource()).notifications(false).build()) {
      qg.enqueue(Job.of("MyJob"));
      assertThat(heard()).hasSize(1);
      qg.enqueueAll(List.of(Job.of("MyJob"), Job.of("MyJob")));
      assertThat(heard()).hasSize(1);
      qg.enqueueAll(Collections.nCopies(1_000, Job.of("MyJob")));
      assertThat(heard()).hasSize(1);
    }
  }

  private List<JobNotice> heard() {
    return notifications.heard().stream().map(JobNotice::parse).toList();
  }
}
