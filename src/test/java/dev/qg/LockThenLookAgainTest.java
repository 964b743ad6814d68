package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Intercepted;
import dev.qg.fixture.Sql;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job that others did between the lock query's snapshot and its lock does not run again. */
class LockThenLookAgainTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void aWorkerReleasesTheLockOfAJobThatIsGoneAndTakesTheNext() {
    long gone = db.enqueue("A");
    long next = db.enqueue("A");
    List<Long> worked = new ArrayList<>();
    Qg qg = Qg.create(doneByOthersBeforeTheSecondLook(1));

    boolean found =
        Worker.builder(
                qg,
                WorkMap.of(
                    "A",
                    job -> {
                      worked.add(job.id());
                      assertThat(db.advisoryLocks()).as("the lock of %s is released", gone).isOne();
                    }))
            .build()
            .workOne();

    assertThat(found).isTrue();
    assertThat(worked).containsExactly(next);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void nineLostJobsAreNotTooMany() {
    IntStream.range(0, 10).forEach(i -> db.enqueue("A"));
    Qg qg = Qg.create(doneByOthersBeforeTheSecondLook(9));

    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(db.jobs()).extracting(row -> row.getJobId()).containsExactly(job.id());
      assertThat(db.advisoryLocks()).isOne();
    }
  }

  @Test
  void tenLostJobsAreAndLeaveNoLock() {
    IntStream.range(0, 11).forEach(i -> db.enqueue("A"));
    Qg qg = Qg.create(doneByOthersBeforeTheSecondLook(10));

    assertThatThrownBy(() -> qg.lockJob("")).isInstanceOf(TryAgainException.class);
    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void aLockQueryThatFailsLeavesNoLockOnAPooledSession() {
    long id = db.enqueue("A");
    AtomicInteger count = new AtomicInteger();
    Qg qg =
        Qg.create(
            Intercepted.dataSource(
                db.dataSource(),
                new Intercepted.Listener() {
                  @Override
                  public void after(Connection connection, String sql) throws SQLException {
                    if (Sql.locks(sql) && count.incrementAndGet() == 1) {
                      assertThat(db.advisoryLocks()).isOne();
                      throw new SQLException("canceled after it had locked the job", "57014");
                    }
                  }
                }));

    assertThatThrownBy(() -> qg.lockJob(""))
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("canceled after it had locked the job");
    await().untilAsserted(() -> assertThat(db.advisoryLocks()).isZero());
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(job.id()).isEqualTo(id);
    }
  }

  /** After each of the first lock queries, another session does the job that was locked. */
  private DataSource doneByOthersBeforeTheSecondLook(int times) {
    AtomicInteger count = new AtomicInteger();
    return Intercepted.dataSource(
        db.dataSource(),
        new Intercepted.Listener() {
          @Override
          public void before(Connection connection, String sql) {
            if (Sql.rereads(sql) && count.incrementAndGet() <= times) {
              db.ctx()
                  .deleteFrom(QUE_JOBS)
                  .where(QUE_JOBS.JOB_ID.eq(db.jobs().get(0).getJobId()))
                  .execute();
            }
          }
        });
  }
}
