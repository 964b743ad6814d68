package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.List;
import org.jooq.JSON;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job is stored as it was given, and what was not given is decided by the database. */
class EnqueueTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void leavesEverythingButTheTypeToTheDatabase() {
    OffsetDateTime before = databaseTime();

    long id = db.qg().enqueue(Job.of("MyJob"));

    QueJobsRecord job = db.job(id);
    assertThat(job.getJobClass()).isEqualTo("MyJob");
    assertThat(job.getQueue()).isEmpty();
    assertThat(job.getPriority()).isEqualTo((short) 100);
    assertThat(job.getRunAt()).isBetween(before, databaseTime());
    assertThat(job.getArgs()).isEqualTo(JSON.json("[]"));
    assertThat(job.getErrorCount()).isZero();
    assertThat(job.getLastError()).isNull();
  }

  @Test
  void storesThePriority() {
    long id = db.qg().enqueue(Job.of("MyJob").withPriority(99));

    assertThat(db.job(id).getPriority()).isEqualTo((short) 99);
  }

  @Test
  void storesBothEndsOfTheRangeOfPriorities() {
    long first = db.qg().enqueue(Job.of("MyJob").withPriority(-32_768));
    long last = db.qg().enqueue(Job.of("MyJob").withPriority(32_767));

    assertThat(db.jobs()).extracting(QueJobsRecord::getJobId).containsExactly(first, last);
    assertThat(db.job(first).getPriority()).isEqualTo(Short.MIN_VALUE);
    assertThat(db.job(last).getPriority()).isEqualTo(Short.MAX_VALUE);
  }

  @Test
  void storesTheTimeToTheMicrosecondHoweverTheJobIsSent() {
    Job job = Job.of("MyJob").withRunAt(Instant.parse("2031-02-03T04:05:06.123456789Z"));
    Instant stored = Instant.parse("2031-02-03T04:05:06.123456Z");

    long one = db.qg().enqueue(job);
    long inserted = db.qg().enqueueAll(List.of(job)).get(0);
    long copied = db.qg().enqueueAll(Collections.nCopies(500, job)).get(0);

    assertThat(job.runAt()).contains(stored);
    assertThat(List.of(one, inserted, copied))
        .extracting(id -> db.job(id).getRunAt().toInstant())
        .containsOnly(stored);
  }

  @Test
  void storesTheArgumentsAsTheyWereWritten() {
    String args = "{\"arg1\":0,  \"arg2\":\"a string\", \"arg1\": 1.50}";

    long text = db.qg().enqueue(Job.of("MyJob").withArgs(args));
    long json = db.qg().enqueue(Job.of("MyJob").withArgs(JSON.json(args)));

    assertThat(db.job(text).getArgs().data()).isEqualTo(args);
    assertThat(db.job(json).getArgs().data()).isEqualTo(args);
  }

  @Test
  void storesTheQueue() {
    long id = db.qg().enqueue(Job.of("MyJob").withQueue("special-work-queue"));

    assertThat(db.job(id).getQueue()).isEqualTo("special-work-queue");
  }

  @Test
  void storesAllFieldsTogether() {
    Instant time = Instant.parse("1999-12-31T23:59:59.999999Z");

    long id =
        db.qg()
            .enqueue(
                Job.of("Größe '\"\\ 漢字 🐘\t\n")
                    .withQueue("q '\"\\ \u0001 $1 ?")
                    .withPriority(-7)
                    .withRunAt(time)
                    .withArgs("[\"ä 🐘 \\u0000 \\\\ ?\"]"));

    QueJobsRecord job = db.job(id);
    assertThat(job.getJobClass()).isEqualTo("Größe '\"\\ 漢字 🐘\t\n");
    assertThat(job.getQueue()).isEqualTo("q '\"\\ \u0001 $1 ?");
    assertThat(job.getPriority()).isEqualTo((short) -7);
    assertThat(job.getRunAt().toInstant()).isEqualTo(time);
    assertThat(job.getArgs().data()).isEqualTo("[\"ä 🐘 \\u0000 \\\\ ?\"]");
  }

  @Test
  void followsTheDefaultsThatAnAdministratorHasChanged() {
    db.ctx()
        .execute(
            """
            alter table que_jobs
              alter priority set default 7,
              alter run_at set default '2001-02-03 04:05:06+00',
              alter args set default '{"by": "default"}',
              alter queue set default 'elsewhere'
            """);

    List<Job> many = Collections.nCopies(500, Job.of("MyJob"));
    long one = db.qg().enqueue(Job.of("MyJob"));
    long inserted = db.qg().enqueueAll(List.of(Job.of("MyJob"))).get(0);
    long copied = db.qg().enqueueAll(many).get(499);

    assertThat(List.of(one, inserted, copied))
        .extracting(db::job)
        .allSatisfy(
            job -> {
              assertThat(job.getPriority()).isEqualTo((short) 7);
              assertThat(job.getRunAt().toInstant()).isEqualTo("2001-02-03T04:05:06Z");
              assertThat(job.getArgs().data()).isEqualTo("{\"by\": \"default\"}");
              assertThat(job.getQueue()).isEqualTo("elsewhere");
            });
  }

  @Test
  void returnsTheIdOfTheJob() {
    long first = db.qg().enqueue(Job.of("First"));
    long second = db.qg().enqueue(Job.of("Second"));

    assertThat(second).isGreaterThan(first);
    assertThat(db.job(first).getJobClass()).isEqualTo("First");
    assertThat(db.job(second).getJobClass()).isEqualTo("Second");
  }

  @Test
  void storesTheSameJobAsOftenAsItIsEnqueued() {
    Job job = Job.of("MyJob").withArgs("[1]");

    assertThat(db.qg().enqueue(job)).isNotEqualTo(db.qg().enqueue(job));
    assertThat(db.jobs()).hasSize(2);
  }

  @Test
  void commitsOnConnectionsThatThePoolHandsOutWithoutAutoCommit() throws Exception {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(db.url());
    config.setMaximumPoolSize(1);
    config.setAutoCommit(false);
    HikariDataSource pool = db.closeLater(new HikariDataSource(config));
    try (Qg qg = Qg.create(pool)) {
      long one = qg.enqueue(Job.of("One"));
      List<Long> all = qg.enqueueAll(List.of(Job.of("Two"), Job.of("Three")));

      assertThat(db.jobs())
          .extracting(QueJobsRecord::getJobId)
          .containsExactlyInAnyOrder(one, all.get(0), all.get(1));
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        job.delete();
      }
      assertThat(db.jobs()).hasSize(2);
    }
    try (var connection = pool.getConnection()) {
      assertThat(connection.getAutoCommit()).isFalse();
    }
  }

  @Test
  void isRefusedAfterClose() {
    Qg qg = Qg.create(db.dataSource());
    qg.close();
    qg.close();

    assertThatThrownBy(() -> qg.enqueue(Job.of("MyJob")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("This Qg is closed");
    assertThatThrownBy(() -> qg.enqueue(db.ctx(), Job.of("MyJob")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> qg.lockJob("")).isInstanceOf(IllegalStateException.class);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void keepsAJobAsItWasWhenAnotherIsMadeOfIt() {
    Job plain = Job.of("MyJob");
    Job urgent = plain.withPriority(1).withQueue("q").withArgs("[1]").withRunAt(Instant.EPOCH);

    assertThat(plain.priority()).isEmpty();
    assertThat(plain.queue()).isEmpty();
    assertThat(plain.args()).isEmpty();
    assertThat(plain.runAt()).isEmpty();
    assertThat(urgent.type()).isEqualTo("MyJob");
    assertThat(urgent.priority()).contains((short) 1);
    assertThat(urgent.queue()).contains("q");
    assertThat(urgent.args()).contains(JSON.json("[1]"));
    assertThat(urgent.runAt()).contains(Instant.EPOCH);
    assertThat(urgent)
        .isEqualTo(urgent.withPriority(1))
        .hasSameHashCodeAs(urgent.withPriority(1))
        .isNotEqualTo(plain);
  }

  @Test
  void doesNotShowArgumentsInAJobsText() {
    assertThat(Job.of("MyJob").withArgs("[\"secret\"]").toString())
        .contains("MyJob")
        .doesNotContain("secret");
  }

  private OffsetDateTime databaseTime() {
    return db.ctx().fetchValue(DSL.field("clock_timestamp()", QUE_JOBS.RUN_AT.getDataType()));
  }
}
