package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jooq.JSON;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Locking a job by hand gives the most urgent due job of a queue that nobody else has locked. */
class LockJobTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void givesTheJobWithAllThatIsKnownOfIt() {
    long id = db.enqueue("MyJob");

    try (LockedJob job = lock("")) {
      assertThat(job.id()).isEqualTo(id);
      assertThat(job.queue()).isEmpty();
      assertThat(job.priority()).isEqualTo((short) 100);
      assertThat(job.runAt()).isEqualTo(db.job(id).getRunAt().toInstant());
      assertThat(job.type()).isEqualTo("MyJob");
      assertThat(job.args()).isEqualTo(JSON.json("[]"));
      assertThat(job.errorCount()).isZero();
      assertThat(job.lastError()).isEmpty();
      assertThat(job).hasToString("job " + id + " (MyJob)");
    }
  }

  @Test
  void givesTheErrorsOfEarlierAttempts() {
    long id = db.enqueue("MyJob");
    db.ctx()
        .update(QUE_JOBS)
        .set(QUE_JOBS.ERROR_COUNT, 3)
        .set(QUE_JOBS.LAST_ERROR, "world\nended")
        .execute();

    try (LockedJob job = lock("")) {
      assertThat(job.id()).isEqualTo(id);
      assertThat(job.errorCount()).isEqualTo(3);
      assertThat(job.lastError()).contains("world\nended");
    }
  }

  @Test
  void holdsOneAdvisoryLockAndOneConnectionUntilItIsDone() {
    db.enqueue("MyJob");
    HikariDataSource pool = db.pool(2);
    try (Qg qg = Qg.create(pool)) {
      LockedJob job = qg.lockJob("").orElseThrow();
      assertThat(db.advisoryLocks()).isEqualTo(1);
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isEqualTo(1);

      job.done();
      assertThat(db.advisoryLocks()).isZero();
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }
  }

  @Test
  void givesNothingThatIsLockedAlready() {
    db.enqueue("MyJob");

    try (LockedJob job = lock("")) {
      assertThat(db.qg().lockJob("")).isEmpty();
      assertThat(job.type()).isEqualTo("MyJob");
      assertThat(db.advisoryLocks()).isEqualTo(1);
    }
    lock("").done();
  }

  @Test
  void goesOnBehindWhatIsLocked() {
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(db.enqueue("MyJob"));
    }
    List<LockedJob> locked = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      locked.add(lock(""));
    }

    assertThat(locked).extracting(LockedJob::id).isEqualTo(ids);
    assertThat(db.qg().lockJob("")).isEmpty();
    locked.forEach(LockedJob::done);
  }

  @Test
  void givesNothingWhereThereIsNothing() {
    HikariDataSource pool = db.pool(1);
    try (Qg qg = Qg.create(pool)) {
      assertThat(qg.lockJob("")).isEmpty();
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }
  }

  @Test
  void looksIntoItsQueueOnly() {
    db.qg().enqueue(Job.of("MyJob").withQueue("extra_priority"));

    assertThat(db.qg().lockJob("")).isEmpty();
    assertThat(db.qg().lockJob("extra")).isEmpty();
    assertThat(db.qg().lockJob("Extra_Priority")).isEmpty();
    try (LockedJob job = lock("extra_priority")) {
      assertThat(job.queue()).isEqualTo("extra_priority");
      job.delete();
    }
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void givesTheLowestPriorityThenTheEarliestTimeThenTheFirstIdFirst() {
    Instant early = Instant.parse("2001-01-01T00:00:00Z");
    Instant late = Instant.parse("2002-01-01T00:00:00Z");
    db.qg().enqueue(Job.of("5").withPriority(2).withRunAt(early));
    db.qg().enqueue(Job.of("3").withPriority(1).withRunAt(late));
    db.qg().enqueue(Job.of("4").withPriority(1).withRunAt(late));
    db.qg().enqueue(Job.of("2").withPriority(1).withRunAt(early));
    db.qg().enqueue(Job.of("6").withPriority(2).withRunAt(late));
    db.qg().enqueue(Job.of("1").withPriority(-1).withRunAt(late));

    List<String> order = new ArrayList<>();
    for (Optional<LockedJob> next = db.qg().lockJob("");
        next.isPresent();
        next = db.qg().lockJob("")) {
      try (LockedJob job = next.get()) {
        order.add(job.type());
        job.delete();
      }
    }

    assertThat(order).containsExactly("1", "2", "3", "4", "5", "6");
  }

  @Test
  void givesJobsThatAreDueSinceEver() {
    db.ctx().execute("insert into que_jobs (job_class, run_at) values ('Ever', '-infinity')");
    db.qg().enqueue(Job.of("First").withRunAt(Instant.parse("-4713-11-24T00:00:00Z")));

    try (LockedJob job = lock("")) {
      assertThat(job.type()).isEqualTo("Ever");
      job.delete();
    }
    try (LockedJob job = lock("")) {
      assertThat(job.runAt()).isEqualTo("-4713-11-24T00:00:00Z");
      job.error("later");
    }
    assertThat(db.jobs()).singleElement().returns("later", job -> job.getLastError());
  }

  @Test
  void workedByHandCommitsWithItsDeletion() {
    db.ctx().execute("create table receipts (args text)");
    db.qg().enqueue(Job.of("MyJob").withArgs("[42]"));

    // As in the documentation of LockedJob.
    db.qg()
        .lockJob("")
        .ifPresent(
            locked -> {
              try (LockedJob job = locked) {
                job.tx().execute("insert into receipts values ({0})", DSL.val(job.args().data()));
                job.delete();
              }
            });

    assertThat(db.jobs()).isEmpty();
    assertThat(db.ctx().fetchValue("select args from receipts")).isEqualTo("[42]");
  }

  @Test
  void givesTheConnectionBackWhenTheDatabaseFails() {
    HikariDataSource pool = db.pool(1);
    db.ctx().execute("alter table que_jobs rename to away");
    try (Qg qg = Qg.create(pool)) {
      assertThatThrownBy(() -> qg.lockJob("")).isInstanceOf(DataAccessException.class);
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }
  }

  @Test
  void leavesNoLockBehindThatItDoesNotKnowOf() {
    long id = db.enqueue("MyJob");
    AtomicBoolean lose = new AtomicBoolean(true);
    DataSource unlucky =
        Intercept.after(
            db.pool(1),
            (connection, sql) -> {
              if (Sql.locks(sql) && lose.getAndSet(false)) {
                assertThat(db.advisoryLocks()).isEqualTo(1);
                throw new SQLException("the answer is lost");
              }
            });
    try (Qg qg = Qg.create(unlucky)) {
      assertThatThrownBy(() -> qg.lockJob(""))
          .isInstanceOf(DataAccessException.class)
          .hasMessageContaining("the answer is lost");

      await().untilAsserted(() -> assertThat(db.advisoryLocks()).isZero());
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        assertThat(job.id()).isEqualTo(id);
      }
    }
  }

  @Test
  void tellsThatNoConnectionCanBeHad() {
    HikariDataSource pool = db.pool(1);
    pool.close();
    try (Qg qg = Qg.create(pool)) {
      assertThatThrownBy(() -> qg.lockJob(""))
          .asInstanceOf(type(DataAccessException.class))
          .satisfies(e -> assertThat(e).hasMessageStartingWith("Can't get a connection"));
    }
  }

  private LockedJob lock(String queue) {
    return db.qg().lockJob(queue).orElseThrow();
  }
}
