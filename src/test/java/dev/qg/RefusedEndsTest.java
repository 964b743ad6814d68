package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What the server has refused of a pool's ends is known not to be written, and hinders no other.
 */
class RefusedEndsTest {

  /** After so many there is a pause of 1.6 s. */
  private static final int TRIES = 5;

  private static final Duration LONGER_THAN_ITS_PAUSE = Duration.ofSeconds(2);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final Map<Long, Integer> runs = new ConcurrentHashMap<>();

  @Test
  void isLostIfItsRowIsGoneLater() {
    long id = db.enqueue("Do");
    refuseToDelete(id);
    try (WorkerPool pool = pool(db.qg())) {
      pool.start();
      await().until(() -> !logs.alarms("end_not_recorded").isEmpty());
      db.ctx()
          .transaction(
              cfg -> {
                DSL.using(cfg).execute("drop trigger it on que_jobs");
                DSL.using(cfg).deleteFrom(QUE_JOBS).execute();
              });
      await().until(() -> pool.snapshot().lost() == 1);
      assertThat(pool.snapshot().worked()).isZero();
    }
    assertThat(logs.alarms("job_lost")).hasSize(1);
  }

  @Test
  void isTriedByItselfWhileOthersAreWrittenTogether() {
    refuseToDelete(db.enqueue("Do"));
    int others = 100;
    AtomicInteger deletions = new AtomicInteger();
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql) && deletions.incrementAndGet() == TRIES + 1) {
                    db.qg().enqueueAll(Collections.nCopies(others, Job.of("Do")));
                    await().until(() -> runs.size() == others + 2);
                    // The one that was refused is to be tried again by then, together with them.
                    Instant due = Instant.now().plus(LONGER_THAN_ITS_PAUSE);
                    await().until(() -> Instant.now().isAfter(due));
                  }
                }));
    try (WorkerPool pool = pool(qg)) {
      pool.start();
      await().until(() -> deletions.get() >= TRIES);
      db.enqueue("Do");
      await().until(() -> pool.snapshot().worked() == others + 1);
      assertThat(pool.snapshot().endStatements()).isLessThan(5);
      db.ctx().execute("drop trigger it on que_jobs");
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(runs.values()).hasSize(others + 2).containsOnly(1);
  }

  /**
   * The driver tells of it as the server does of its own memory, after the deletion is committed.
   */
  @Test
  void isNotWhatHasNoMemoryToReadTheAnswer() {
    AtomicBoolean once = new AtomicBoolean(true);
    Qg qg =
        Qg.create(
            Intercept.after(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql) && once.getAndSet(false)) {
                    throw new SQLException("forced", "53200", new OutOfMemoryError("forced"));
                  }
                }));
    db.enqueue("Do");
    try (WorkerPool pool = pool(qg)) {
      pool.start();
      await().until(() -> pool.snapshot().worked() + pool.snapshot().lost() == 1);
      assertThat(pool.snapshot().lost()).isZero();
    }
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  @Test
  void othersMayWaitForLocksAgainAfterwards() throws SQLException {
    long held = db.enqueue("Do");
    AtomicInteger left = new AtomicInteger(3);
    List<String> patience = new CopyOnWriteArrayList<>();
    Qg qg =
        Qg.create(
            Intercept.before(
                db.dataSource(),
                (connection, sql) -> {
                  if (Sql.deletes(sql)) {
                    patience.add(show(connection, "lock_timeout"));
                    // So that there is always another end to be written.
                    if (left.getAndDecrement() > 0) {
                      long next = db.enqueue("Do");
                      await().until(() -> runs.containsKey(next));
                    }
                  }
                }));
    try (Connection other = db.connect();
        WorkerPool pool = pool(qg)) {
      other.setAutoCommit(false);
      DSL.using(other, SQLDialect.POSTGRES)
          .selectFrom(QUE_JOBS)
          .where(QUE_JOBS.JOB_ID.eq(held))
          .forUpdate()
          .fetch();
      pool.start();
      await().until(() -> pool.snapshot().worked() == 3);
      other.rollback();
      await().until(() -> db.jobs().isEmpty());
    }
    assertThat(patience).startsWith("1s", "1s");
    assertThat(patience).doesNotContain("10ms");
  }

  /** As where something between the pool and the driver fails. */
  @Test
  void aRollbackThatFailsLetsNothingBeWrittenThatIsNotCommitted() {
    AtomicInteger rollbacks = new AtomicInteger();
    AtomicBoolean once = new AtomicBoolean(true);
    DataSource failingToRollBack =
        Intercept.before(
            db.dataSource(),
            (connection, sql) -> {
              if (sql.equals("rollback") && rollbacks.incrementAndGet() <= 2) {
                db.qg().enqueueAll(Collections.nCopies(10, Job.of("Do")));
                await().until(() -> runs.size() == 10 * rollbacks.get());
                throw new SQLException("forced", "XX000");
              }
            });
    DataSource failingToBury =
        Intercept.after(
            failingToRollBack,
            (connection, sql) -> {
              if (sql.contains("insert into \"qg_dead_jobs\"") && once.getAndSet(false)) {
                throw new SQLException("forced", "XX000");
              }
            });
    Qg qg =
        Qg.builder(failingToBury)
            .retryPolicy("Fail", RetryPolicy.builder().maxAttempts(1).build())
            .build();
    db.enqueue("Fail");
    try (WorkerPool pool = pool(qg)) {
      pool.start();
      await().until(() -> pool.snapshot().worked() == 20 && pool.snapshot().failed() == 1);
    }
    assertThat(rollbacks.get()).isEqualTo(2);
    assertThat(runs.values()).hasSize(20).containsOnly(1);
    assertThat(db.jobs()).isEmpty();
    assertThat(db.ctx().fetchCount(QG_DEAD_JOBS)).isOne();
    assertThat(logs.alarms("job_lost")).isEmpty();
  }

  private void refuseToDelete(long id) {
    String body = "begin if old.job_id = " + id + " then raise 'no'; end if; return old; end";
    db.ctx()
        .execute("create function it() returns trigger language plpgsql as $it$" + body + "$it$");
    db.ctx()
        .execute("create trigger it before delete on que_jobs for each row execute function it()");
  }

  private WorkerPool pool(Qg qg) {
    WorkMap map =
        WorkMap.builder()
            .add("Do", job -> runs.merge(job.id(), 1, Integer::sum))
            .add(
                "Fail",
                job -> {
                  throw new IllegalStateException("no use");
                })
            .build();
    return WorkerPool.builder(qg, map).count(2).interval(Duration.ofMillis(50)).build();
  }

  private static String show(Connection connection, String setting) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("show " + setting)) {
      rows.next();
      return rows.getString(1);
    }
  }
}
