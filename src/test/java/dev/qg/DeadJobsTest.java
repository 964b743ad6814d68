package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QgDeadJobsRecord;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job that is given up is kept with its last error, and can be put back. */
class DeadJobsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private Qg qg;

  @BeforeEach
  void giveUpAfterTwoAttempts() {
    qg =
        Qg.builder(db.dataSource())
            .retryPolicy(RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(2).build())
            .build();
  }

  @Test
  void movesAfterItsLastAttemptWithAllThatItIs() {
    long id =
        qg.enqueue(Job.of("Fail").withQueue("mail").withPriority(7).withArgs("{\"a\":  [1, 2]}"));
    fail("mail");
    assertThat(dead()).isEmpty();
    QueJobsRecord last = db.job(id);
    fail("mail");
    assertThat(db.jobs()).isEmpty();
    QgDeadJobsRecord dead = dead().get(0);
    assertThat(dead.getJobId()).isEqualTo(id);
    assertThat(dead.getQueue()).isEqualTo("mail");
    assertThat(dead.getPriority()).isEqualTo((short) 7);
    assertThat(dead.getRunAt()).isEqualTo(last.getRunAt());
    assertThat(dead.getJobClass()).isEqualTo("Fail");
    assertThat(dead.getArgs().data()).isEqualTo("{\"a\":  [1, 2]}");
    assertThat(dead.getErrorCount()).isEqualTo(2);
    assertThat(dead.getLastError()).contains("IllegalStateException: no use 1");
    assertThat(
            db.ctx()
                .fetchValue(
                    "select died_at between now() - interval '1 min' and now() from qg_dead_jobs"))
        .isEqualTo(true);
  }

  @Test
  void movesInOneStatement() {
    db.ctx().execute("create table moves (what text, xid xid8 default pg_current_xact_id())");
    db.ctx()
        .execute(
            "create function moved() returns trigger language plpgsql"
                + " as 'begin insert into moves values (tg_op); return coalesce(new, old); end'");
    db.ctx()
        .execute(
            "create trigger moved before delete on que_jobs"
                + " for each row execute function moved()");
    db.ctx()
        .execute(
            "create trigger moved before insert on qg_dead_jobs"
                + " for each row execute function moved()");
    kill();
    assertThat(db.ctx().fetchValue("select count(distinct xid) from moves")).isEqualTo(1L);
    assertThat(db.ctx().fetchValues("select what from moves order by what").toString())
        .isEqualTo("[DELETE, INSERT]");
  }

  @Test
  void isTriedAgainAfterItsRevival() {
    long id = kill();
    assertThat(qg.revive(id)).isTrue();
    assertThat(qg.revive(id)).isFalse();
    assertThat(dead()).isEmpty();
    assertThat(db.job(id).getErrorCount()).isZero();
    assertThat(db.job(id).getLastError()).contains("no use");
    assertThat(Worker.builder(qg, WorkMap.of("Fail", job -> {})).build().workOne()).isTrue();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void isRevivedInTheTransactionOfTheCaller() {
    List<Long> ids = List.of(kill(), kill(), kill());
    assertThatThrownBy(
            () ->
                db.ctx()
                    .transaction(
                        tx -> {
                          assertThat(qg.revive(tx.dsl(), ids)).isEqualTo(3);
                          throw new IllegalArgumentException("undo");
                        }))
        .hasMessage("undo");
    assertThat(dead()).hasSize(3);
    assertThat(db.jobs()).isEmpty();
    List<Long> two = List.of(ids.get(0), ids.get(2), -1L);
    db.ctx().transaction(tx -> assertThat(qg.revive(tx.dsl(), two)).isEqualTo(2));
    assertThat(dead()).extracting(QgDeadJobsRecord::getJobId).containsExactly(ids.get(1));
    assertThat(db.jobs())
        .extracting(QueJobsRecord::getJobId)
        .containsExactlyInAnyOrder(ids.get(0), ids.get(2));
  }

  @Test
  void givingUpByTypeSparesTheOthers() {
    Qg byType =
        Qg.builder(db.dataSource())
            .retryPolicy("Fail", RetryPolicy.builder().maxAttempts(1).build())
            .build();
    WorkFunc failing =
        job -> {
          throw new IllegalStateException("no use");
        };
    WorkMap map = WorkMap.builder().add("Fail", failing).add("Other", failing).build();
    db.enqueue("Fail");
    long other = db.enqueue("Other");
    Worker worker = Worker.builder(byType, map).build();
    while (worker.workOne()) {}
    assertThat(dead()).extracting(QgDeadJobsRecord::getJobClass).containsExactly("Fail");
    assertThat(db.jobs()).extracting(QueJobsRecord::getJobId).containsExactly(other);
  }

  @Test
  void isGivenUpAlsoWhenItFailsByHand() {
    long id = db.enqueue("Fail");
    db.ctx().execute("update que_jobs set error_count = 1");
    qg.lockJob("")
        .ifPresent(
            locked -> {
              try (LockedJob job = locked) {
                job.error("by hand");
              }
            });
    assertThat(dead())
        .singleElement()
        .matches(dead -> dead.getJobId() == id && dead.getLastError().equals("by hand"));
  }

  @Test
  void workersRefuseToStartWithoutTheTable() {
    db.ctx().execute("drop table qg_dead_jobs");
    WorkMap map = WorkMap.of("Other", job -> {});
    assertThatThrownBy(() -> Worker.builder(qg, map).build().work())
        .isInstanceOf(QgException.class)
        .hasMessageContaining("qg_dead_jobs")
        .hasMessageContaining("maxAttempts")
        .hasMessageContaining("classpath:qg/migration");
    try (WorkerPool pool = WorkerPool.builder(qg, map).build()) {
      assertThatThrownBy(pool::start).isInstanceOf(QgException.class);
    }
  }

  @Test
  void workersThatNeverGiveUpNeedNoSuchTable() {
    db.ctx().execute("drop table qg_dead_jobs");
    try (WorkerPool pool = WorkerPool.builder(db.qg(), WorkMap.of("Other", job -> {})).build()) {
      pool.start();
    }
  }

  @Test
  void isKeptAndTriedLaterWhenItCannotBeMoved() {
    long id = db.enqueue("Fail");
    db.ctx().execute("update que_jobs set error_count = 1");
    db.ctx().execute("drop table qg_dead_jobs");
    fail("");
    QueJobsRecord job = db.job(id);
    assertThat(job.getErrorCount()).isEqualTo(2);
    assertThat(job.getLastError())
        .startsWith("It could not be given up: ")
        .contains("qg_dead_jobs")
        .contains("IllegalStateException: no use");
    assertThat(db.ctx().fetchValue("select run_at > now() + '59 min' from que_jobs"))
        .isEqualTo(true);
    assertThat(logs.events("burial_failed")).hasSize(1);
  }

  private long kill() {
    long id = db.enqueue("Fail");
    fail("");
    fail("");
    return id;
  }

  private void fail(String queue) {
    WorkMap map =
        WorkMap.of(
            "Fail",
            job -> {
              throw new IllegalStateException("no use " + job.errorCount());
            });
    assertThat(Worker.builder(qg, map).queue(queue).build().workOne()).isTrue();
  }

  private List<QgDeadJobsRecord> dead() {
    return db.ctx().selectFrom(QG_DEAD_JOBS).orderBy(QG_DEAD_JOBS.JOB_ID).fetch();
  }
}
