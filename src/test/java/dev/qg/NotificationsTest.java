package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Notifications;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.JobNotice;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs that are due are told to listening workers when they are committed, and no others are. */
class NotificationsTest {

  private static final Job JOB = Job.of("MyJob");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Notifications notifications;

  @BeforeEach
  void listen() {
    notifications = Notifications.of(db);
  }

  @Test
  void tellWhereTheJobIs() {
    db.qg().enqueue(JOB.withQueue("mail").withPriority(-3));

    QueJobsRecord job = db.jobs().get(0);
    assertThat(heard()).containsExactly(notice("mail", -3, job.getRunAt()));
  }

  @Test
  void arriveAfterTheCommitOnly() {
    db.ctx()
        .transaction(
            tx -> {
              db.qg().enqueue(tx, JOB.withQueue("one"));
              db.qg().enqueueAll(tx, List.of(JOB.withQueue("many"), JOB.withQueue("many")));
              assertThat(heard()).isEmpty();
            });

    assertThat(heard()).extracting(JobNotice::queue).containsExactlyInAnyOrder("one", "many");
  }

  @Test
  void areNotSentOfWhatIsRolledBack() {
    assertThatThrownBy(
            () ->
                db.ctx()
                    .transaction(
                        tx -> {
                          db.qg().enqueue(tx, JOB);
                          db.qg().enqueueAll(tx, List.of(JOB));
                          throw new IllegalStateException("undo");
                        }))
        .hasMessage("undo");
    assertThat(heard()).isEmpty();

    db.ctx()
        .transaction(
            tx -> {
              db.qg().enqueue(tx, JOB.withQueue("kept"));
              assertThatThrownBy(
                      () ->
                          tx.dsl()
                              .transaction(
                                  nested -> {
                                    db.qg().enqueue(nested, JOB.withQueue("undone"));
                                    throw new IllegalStateException("undo");
                                  }))
                  .hasMessage("undo");
            });
    assertThat(heard()).extracting(JobNotice::queue).containsExactly("kept");
  }

  @Test
  void areNotSentOfJobsForLater() {
    Job later = JOB.withRunAt(Instant.now().plus(Duration.ofHours(1)));
    Job soon = JOB.withRunAt(Instant.now().plusSeconds(8));

    db.qg().enqueue(later);
    db.qg().enqueue(soon);
    db.qg().enqueueAll(List.of(later, soon));
    db.qg().enqueueAll(Collections.nCopies(500, later));

    assertThat(heard()).isEmpty();
  }

  @Test
  void areSentOfJobsThatAreDueSinceTheTransactionBegan() {
    db.ctx()
        .transaction(
            tx -> {
              OffsetDateTime now =
                  (OffsetDateTime) DSL.using(tx).fetchValue("select clock_timestamp()");
              db.qg().enqueue(tx, JOB.withRunAt(now.toInstant()));
              assertThat(DSL.using(tx).fetchValue("select run_at > now() from que_jobs"))
                  .isEqualTo(true);
            });

    assertThat(heard()).hasSize(1);
  }

  @Test
  void areOneForAThousandJobsOfATransaction() {
    db.ctx()
        .transaction(
            tx -> {
              for (int i = 0; i < 1_000; i++) {
                db.qg().enqueue(tx, JOB);
              }
            });

    assertThat(db.jobs()).hasSize(1_000);
    assertThat(heard()).containsExactly(notice("", 100, db.jobs().get(0).getRunAt()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 200})
  void tellOfManyJobsTheEarliestOfEachQueueAndPriority(int times) {
    Instant early = Instant.parse("2001-02-03T04:05:06.000007Z");
    Instant earlier = Instant.parse("-4713-11-24T00:00:00Z");
    Job mail = JOB.withQueue("mail").withPriority(2);
    List<Job> jobs = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      jobs.add(mail.withRunAt(early));
      jobs.add(mail.withRunAt(earlier));
      jobs.add(mail.withRunAt(early).withPriority(1));
      jobs.add(mail.withRunAt(Instant.parse("2999-01-01T00:00:00Z")).withQueue("later"));
    }

    db.qg().enqueueAll(jobs);

    assertThat(db.jobs()).hasSize(4 * times);
    assertThat(heard())
        .containsExactlyInAnyOrder(
            notice("mail", 2, earlier.atOffset(ZoneOffset.UTC)),
            notice("mail", 1, early.atOffset(ZoneOffset.UTC)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 499})
  void followTheDefaultsThatAnAdministratorHasChanged(int count) {
    OffsetDateTime runAt = OffsetDateTime.parse("2001-02-03T04:05:06Z");
    changeDefaults();

    db.qg().enqueue(JOB);
    db.qg().enqueueAll(Collections.nCopies(count, JOB));

    assertThat(heard()).hasSize(2).containsOnly(notice("theirs", 7, runAt));
  }

  /** COPY doesn't tell what the defaults are. */
  @Test
  void areOfTheFirstPlaceThatIsPossibleWhereJobsWereCopied() {
    changeDefaults();

    db.qg().enqueueAll(Collections.nCopies(500, JOB));
    assertThat(heard()).containsExactly(JobNotice.ofAny());

    db.qg().enqueueAll(Collections.nCopies(500, JOB.withQueue("q")));
    assertThat(heard()).containsExactly(new JobNotice("q", Short.MIN_VALUE, OffsetDateTime.MIN));

    db.qg().enqueueAll(Collections.nCopies(500, JOB.withQueue("q").withPriority(3)));
    assertThat(heard()).containsExactly(new JobNotice("q", (short) 3, OffsetDateTime.MIN));
  }

  private void changeDefaults() {
    db.ctx()
        .execute(
            "alter table que_jobs alter queue set default 'theirs', alter priority set default 7,"
                + " alter run_at set default '2001-02-03 04:05:06+00'");
  }

  @Test
  void areOneOfAnyJobForVeryManyQueues() {
    db.qg()
        .enqueueAll(IntStream.range(0, 2_000).mapToObj(i -> JOB.withQueue("queue" + i)).toList());

    assertThat(heard()).containsExactly(JobNotice.ofAny());
  }

  @Test
  void areSentOfJobsThatAreRevived() {
    List<Long> ids = db.qg().enqueueAll(List.of(JOB.withQueue("a"), JOB.withQueue("b")));
    db.ctx()
        .execute(
            "with dead as (delete from que_jobs returning *)"
                + " insert into qg_dead_jobs select job_id, priority, run_at, job_class, args,"
                + " 1, '', queue from dead");
    assertThat(heard()).hasSize(2);

    assertThat(db.qg().revive(ids.get(0))).isTrue();
    assertThat(heard()).containsExactly(notice("a", 100, db.job(ids.get(0)).getRunAt()));

    db.ctx()
        .transaction(
            tx -> {
              assertThat(db.qg().revive(DSL.using(tx), ids)).isEqualTo(1);
              assertThat(heard()).isEmpty();
            });
    assertThat(heard()).extracting(JobNotice::queue).containsExactly("b");
    assertThat(db.qg().revive(ids.get(0))).isFalse();
    assertThat(heard()).isEmpty();
  }

  @Test
  void canBeTurnedOff() {
    try (Qg quiet = Qg.builder(db.dataSource()).notifications(false).build()) {
      quiet.enqueue(JOB);
      quiet.enqueueAll(List.of(JOB, JOB));
      quiet.enqueueAll(Collections.nCopies(500, JOB));
      db.ctx().transaction(tx -> quiet.enqueue(tx, JOB));
    }

    assertThat(db.jobs()).hasSize(504);
    assertThat(heard()).isEmpty();
  }

  @Test
  void areNotSentOfJobsThatAreWorkedWhereTheyAreEnqueued() {
    try (Qg synchronous =
        Qg.builder(db.dataSource()).synchronous(WorkMap.of("MyJob", job -> {})).build()) {
      synchronous.enqueue(JOB);
      synchronous.enqueueAll(List.of(JOB, JOB));
    }
    DSLContext session = db.session();
    session.transaction(tx -> TestJobs.inject(db.qg(), DSL.using(tx), JOB).done());

    assertThat(heard()).isEmpty();
  }

  private List<JobNotice> heard() {
    return notifications.heard().stream().map(JobNotice::parse).toList();
  }

  private static JobNotice notice(String queue, int priority, OffsetDateTime runAt) {
    return new JobNotice(queue, (short) priority, runAt.withOffsetSameInstant(ZoneOffset.UTC));
  }
}
