package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.time.OffsetDateTime;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A job that is worked by hand is deleted, failed or given back as it was, as its holder says. */
class LockedJobTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void deletesTheJobAtOnceWhereNoTransactionHasBegun() {
    LockedJob job = lockOne();

    job.delete();

    assertThat(db.jobs()).isEmpty();
    assertThat(db.advisoryLocks()).isEqualTo(1);
    job.done();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void canBeDeletedAgain() {
    try (LockedJob job = lockOne()) {
      job.delete();
      job.delete();
    }
    try (LockedJob job = lockOne()) {
      job.tx();
      job.delete();
      job.delete();
    }

    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void canBeDoneAgain() {
    HikariDataSource pool = db.pool(1);
    db.enqueue("MyJob");
    try (Qg qg = Qg.create(pool)) {
      LockedJob job = qg.lockJob("").orElseThrow();
      job.done();
      job.done();
      job.close();
      // The connection is somebody else's now.
      try (LockedJob other = qg.lockJob("").orElseThrow()) {
        job.done();
        assertThat(db.advisoryLocks()).isEqualTo(1);
        other.delete();
      }
    }
  }

  @Test
  void isAsItWasWhenItIsGivenBackWithoutMore() {
    long id = db.enqueue("MyJob");
    QueJobsRecord before = db.job(id);

    lock().done();

    assertThat(db.job(id)).isEqualTo(before);
    lock().done();
  }

  @Test
  void countsAnErrorAndWaitsForTheRetry() {
    HikariDataSource pool = db.pool(1);
    long id = db.enqueue("MyJob");
    OffsetDateTime before = db.job(id).getRunAt();
    try (Qg qg = Qg.create(pool)) {
      LockedJob job = qg.lockJob("").orElseThrow();
      job.error("world\nended");
      job.done();

      assertThat(db.advisoryLocks()).isZero();
      assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    }
    QueJobsRecord failed = db.job(id);
    assertThat(failed.getErrorCount()).isEqualTo(1);
    assertThat(failed.getLastError()).isEqualTo("world\nended");
    // 1⁴ + 3 seconds from the moment of the failure.
    assertThat(failed.getRunAt()).isBetween(before.plusSeconds(4), before.plusSeconds(60));
    assertThat(db.qg().lockJob("")).isEmpty();
  }

  @Test
  void waitsLongerAfterEachError() {
    long id = db.enqueue("MyJob");
    for (int count = 1; count <= 5; count++) {
      db.ctx().execute("update que_jobs set run_at = '2001-02-03 04:05:06'");
      try (LockedJob job = lock()) {
        assertThat(job.errorCount()).isEqualTo(count - 1);
        job.error("again");
      }
      Object seconds =
          db.ctx().fetchValue("select extract(epoch from run_at - now())::float8 from que_jobs");
      double expected = Math.pow(count, 4) + 3;
      assertThat((Double) seconds).isBetween(expected - 2, expected);
    }
    assertThat(db.job(id).getErrorCount()).isEqualTo(5);
  }

  @Test
  void keepsAnErrorWithItsStackTrace() {
    long id = db.enqueue("MyJob");
    try (LockedJob job = lock()) {
      job.error(new IllegalStateException("broken", new RuntimeException("the cause")));
    }

    assertThat(db.job(id).getLastError())
        .startsWith("java.lang.IllegalStateException: broken\n\tat dev.qg.LockedJobTest.")
        .contains("Caused by: java.lang.RuntimeException: the cause");
  }

  @Test
  void keepsTheFirstOfSeveralErrors() {
    long id = db.enqueue("MyJob");
    try (LockedJob job = lock()) {
      job.error("first");
      job.error("second");
      job.error(new RuntimeException("third"));
    }

    assertThat(db.job(id).getErrorCount()).isEqualTo(1);
    assertThat(db.job(id).getLastError()).isEqualTo("first");
  }

  @Test
  void cleansAndCutsWhatCanNotBeStored() {
    long id = db.enqueue("MyJob");
    try (LockedJob job = lock()) {
      job.error("a\0b\uD800c🐘" + "x".repeat(100_000));
    }

    assertThat(db.job(id).getLastError())
        .startsWith("a\uFFFDb\uFFFDc🐘xxx")
        .hasSizeLessThan(33_000)
        .endsWith("more characters)");
  }

  @Test
  void isDeadAfterItsLastAttemptAndCanBeRevived() {
    long id = db.enqueue("MyJob");
    RetryPolicy twice = RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(2).build();
    try (Qg qg = Qg.builder(db.dataSource()).retryPolicy(twice).build()) {
      for (String error : new String[] {"first", "last"}) {
        try (LockedJob job = qg.lockJob("").orElseThrow()) {
          job.error(error);
        }
      }
      assertThat(db.jobs()).isEmpty();
      assertThat(db.ctx().fetchSingle(QG_DEAD_JOBS))
          .returns(id, dead -> dead.getJobId())
          .returns(2, dead -> dead.getErrorCount())
          .returns("last", dead -> dead.getLastError());

      assertThat(qg.revive(id)).isTrue();
      assertThat(qg.revive(id)).isFalse();
    }
    try (LockedJob job = lock()) {
      assertThat(job.id()).isEqualTo(id);
      assertThat(job.errorCount()).isZero();
      assertThat(job.lastError()).contains("last");
    }
  }

  @Test
  void refusesToBeUsedAfterItsEnd() {
    LockedJob job = lockOne();
    job.done();

    assertThatThrownBy(job::tx)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(job.toString());
    assertThatThrownBy(job::connection).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(job::delete).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> job.error("late")).isInstanceOf(IllegalStateException.class);
    assertThat(db.jobs()).singleElement().returns(0, row -> row.getErrorCount());
  }

  @Test
  void refusesToBeDeletedAfterItsFailure() {
    try (LockedJob job = lockOne()) {
      job.error("broken");
      assertThatThrownBy(job::delete).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(job::tx).isInstanceOf(IllegalStateException.class);
    }
    assertThat(db.jobs()).hasSize(1);
  }

  @Test
  void isGivenBackAlsoWhenItsCommitFails() {
    db.ctx()
        .execute(
            """
            create table effects (n int unique deferrable initially deferred);
            insert into effects values (1);
            """);
    LockedJob job = lockOne();
    job.tx().execute("insert into effects values (1)");
    job.delete();

    assertThatThrownBy(job::done)
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("Can't commit");

    assertThat(db.advisoryLocks()).isZero();
    assertThat(db.jobs()).hasSize(1);
    lock().done();
  }

  private LockedJob lockOne() {
    db.enqueue("MyJob");
    return lock();
  }

  private LockedJob lock() {
    return db.qg().lockJob("").orElseThrow();
  }
}
