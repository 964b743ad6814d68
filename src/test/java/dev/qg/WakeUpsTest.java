package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.JobNotice;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers of this JVM are told of a job at once when it is known to be committed. */
class WakeUpsTest {

  private static final Job JOB = Job.of("MyJob").withQueue("q");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final List<JobNotice> told = new ArrayList<>();
  private Qg qg;

  @BeforeEach
  void createClientWithoutNotifications() {
    qg = db.closeLater(Qg.builder(db.dataSource()).notifications(false).build());
    qg.core()
        .wakeUps
        .register(
            notice -> {
              assertThat(db.jobs()).as("committed jobs").isNotEmpty();
              told.add(notice);
            });
  }

  @Test
  void comeAfterEachWayToEnqueueThatCommits() throws SQLException {
    qg.enqueue(JOB);
    assertThat(told).containsExactly(first());
    qg.enqueueAll(List.of(JOB, JOB));
    qg.enqueueAll(Collections.nCopies(1_000, JOB));
    qg.enqueue(db.ctx(), JOB);
    qg.enqueueAll(db.ctx(), List.of(JOB));
    qg.enqueue(db.ctx().configuration(), JOB);
    qg.enqueueAll(db.ctx().configuration(), List.of(JOB));
    try (Connection connection = db.dataSource().getConnection()) {
      qg.enqueue(connection, JOB);
      qg.enqueueAll(connection, List.of(JOB));
    }

    assertThat(told).hasSize(9).allMatch(notice -> "q".equals(notice.queue()));
    assertThat(logs.events("wake_up_failed")).isEmpty();
  }

  @Test
  void comeAfterARevival() {
    long id = qg.enqueue(JOB);
    kill();
    told.clear();

    assertThat(qg.revive(id)).isTrue();
    assertThat(told).containsExactly(first());

    kill();
    assertThat(qg.revive(db.ctx(), List.of(id))).isEqualTo(1);
    assertThat(told).hasSize(2);
    assertThat(qg.revive(id)).isFalse();
    assertThat(told).hasSize(2);
  }

  @Test
  void tellWhereTheFirstOfManyIs() {
    Instant early = Instant.parse("2001-02-03T04:05:06Z");

    qg.enqueueAll(List.of(JOB, JOB.withRunAt(early), JOB.withPriority(3)));

    assertThat(told)
        .extracting(JobNotice::priority, notice -> notice.runAt().toInstant().equals(early))
        .containsExactlyInAnyOrder(tuple((short) 100, true), tuple((short) 3, false));
  }

  @Test
  void doNotComeFromACallersTransaction() throws SQLException {
    db.enqueue("MyJob");
    db.ctx()
        .transaction(
            tx -> {
              qg.enqueue(tx, JOB);
              qg.enqueueAll(tx, List.of(JOB));
            });
    try (Connection connection = db.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      qg.enqueue(connection, JOB);
      qg.enqueueAll(connection, List.of(JOB));
      connection.rollback();
    }

    assertThat(told).isEmpty();
  }

  @Test
  void doNotComeWhereNothingIsEnqueued() {
    db.ctx().execute("alter table que_jobs add check (queue <> 'q')");

    assertThatThrownBy(() -> qg.enqueue(JOB)).isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> qg.enqueueAll(List.of(JOB))).isInstanceOf(DataAccessException.class);
    qg.enqueueAll(List.of());

    assertThat(told).isEmpty();
    assertThat(logs.events("wake_up_failed")).isEmpty();
  }

  @Test
  void doNotComeOfJobsForLater() {
    Job later = JOB.withRunAt(Instant.now().plusSeconds(3_600));
    qg.enqueue(later);
    qg.enqueueAll(List.of(later, later));

    assertThat(told).isEmpty();
  }

  @Test
  void doNotReachTheEnqueuerWithWhatTheyThrow() {
    qg.core()
        .wakeUps
        .register(
            notice -> {
              throw new AssertionError("broken");
            });
    List<JobNotice> last = new ArrayList<>();
    qg.core().wakeUps.register(last::add);

    long id = qg.enqueue(JOB);

    assertThat(db.job(id)).isNotNull();
    assertThat(told).hasSize(1);
    assertThat(last).hasSize(1);
    assertThat(logs.events("wake_up_failed")).hasSize(1);
  }

  @Test
  void endWithTheirRegistration() {
    List<JobNotice> heard = new ArrayList<>();
    Runnable one = qg.core().wakeUps.register(heard::add);
    qg.core().wakeUps.register(heard::add);
    one.run();
    one.run();

    qg.enqueue(JOB);

    assertThat(heard).hasSize(1);
  }

  @Test
  void costNoStatementWhereNobodyHears() {
    List<String> sent = new ArrayList<>();
    try (Qg quiet =
        Qg.builder(Intercept.before(db.dataSource(), (connection, sql) -> sent.add(sql)))
            .notifications(false)
            .build()) {
      quiet.enqueue(JOB);
      quiet.enqueueAll(List.of(JOB, JOB));
      quiet.revive(0);
    }

    assertThat(sent).hasSize(8).noneMatch(sql -> sql.contains("notify"));
  }

  @Test
  void costASingleJobNoFurtherStatement() {
    List<String> sent = new ArrayList<>();
    try (Qg notifying =
        Qg.create(Intercept.before(db.dataSource(), (connection, sql) -> sent.add(sql)))) {
      notifying.enqueue(JOB);
    }

    assertThat(sent).hasSize(1).allMatch(sql -> sql.contains("pg_notify"));
  }

  private void kill() {
    db.ctx()
        .execute(
            "with dead as (delete from que_jobs returning *)"
                + " insert into qg_dead_jobs select job_id, priority, run_at, job_class, args,"
                + " 1, '', queue from dead");
  }

  private JobNotice first() {
    return new JobNotice(
        "q", (short) 100, db.jobs().get(0).getRunAt().withOffsetSameInstant(ZoneOffset.UTC));
  }
}
