package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Gate;
import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A job that others did between the lock query's snapshot and its lock is not given out and does
 * not run again; after ten of them in a row the caller is told to try again.
 */
class LockThenLookAgainTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private HikariDataSource pool;
  private Qg qg;

  /**
   * In the middle of the lock query, whose snapshot is there by then, a job is done: the function
   * that locks is one of the test's own, which does that first.
   */
  @BeforeEach
  void raceBeforeEachLock() {
    db.ctx().execute("create schema race");
    db.ctx().execute("create table race.left (races int, at_each text)");
    db.ctx().execute("insert into race.left values (0, 'delete from que_jobs where job_id = $1')");
    db.replaceFunction(
        "pg_try_advisory_lock(id bigint)",
        """
        returns boolean language plpgsql as $$
        declare
          race text;
        begin
          update race.left set races = races - 1 where races > 0 returning at_each into race;
          if race is not null then
            execute race using id;
          end if;
          return pg_catalog.real_pg_try_advisory_lock(id);
        end
        $$
        """);
    db.ctx()
        .execute(
            "create function race.gate() returns void language plpgsql as $$ begin "
                + Gate.PASS
                + " end $$");
    pool = db.pool(1);
    qg = Qg.create(pool);
  }

  @Test
  void aWorkerReleasesTheLockOfAJobThatIsGoneAndTakesTheNext() {
    long gone = db.enqueue("A");
    long next = db.enqueue("A");
    races(1);
    List<Long> worked = new ArrayList<>();
    WorkMap workMap =
        WorkMap.of(
            "A",
            job -> {
              worked.add(job.id());
              assertThat(db.advisoryLocks()).as("the lock of %s is released", gone).isOne();
            });

    assertThat(Worker.builder(qg, workMap).build().workOne()).isTrue();

    assertThat(worked).containsExactly(next);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void givesNothingIfTheLastJobWasLost() {
    db.enqueue("A");
    races(1);

    assertThat(qg.lockJob("")).isEmpty();
    assertThat(db.advisoryLocks()).isZero();
  }

  @Test
  void doesNotGiveOutAJobThatWaitsForItsRetryMeanwhile() {
    long id = db.enqueue("A");
    races(1);
    // What any client of the table does to a job that failed.
    atEach(
        "update que_jobs set run_at = now() + interval '1 hour', error_count = error_count + 1"
            + " where job_id = $1");

    assertThat(qg.lockJob("")).isEmpty();
    assertThat(db.job(id).getErrorCount()).isOne();
  }

  @Test
  void goesOnThroughNineLostJobs() {
    List<Long> ids = enqueue(12);
    races(9);

    try (LockedJob job = qg.lockJob("mail").orElseThrow()) {
      assertThat(job.id()).isEqualTo(ids.get(9));
      assertThat(db.advisoryLocks()).isOne();
    }
  }

  @Test
  void tellsTheCallerToTryAgainAfterTenLostJobs() {
    List<Long> ids = enqueue(12);
    races(10);

    assertThatThrownBy(() -> qg.lockJob("mail"))
        .isInstanceOf(TryAgainException.class)
        .isInstanceOf(QgException.class)
        .hasMessageContainingAll("10 jobs", "\"mail\"", "try again");
    assertThat(db.advisoryLocks()).isZero();
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();

    try (LockedJob job = qg.lockJob("mail").orElseThrow()) {
      assertThat(job.id()).isEqualTo(ids.get(10));
    }
  }

  /** Another session does the job at that moment, and releases its lock. */
  @ParameterizedTest
  @CsvSource({
    "read committed, extended",
    "read committed, simple",
    "repeatable read, extended",
    "serializable, extended"
  })
  void looksAgainWithASnapshotOfItsOwn(String isolation, String mode) {
    long gone = db.enqueue("A");
    long next = db.enqueue("A");
    races(1);
    atEach("select race.gate() where $1 > 0");
    setForAll("default_transaction_isolation", "'" + isolation + "'");
    Gate gate = Gate.closed(db);
    Qg client = Qg.create(db.pool(1, "preferQueryMode=" + mode));

    InThread locks =
        InThread.start(
            "locks",
            () -> {
              try (LockedJob job = client.lockJob("").orElseThrow()) {
                assertThat(job.id()).isEqualTo(next);
                assertThat(db.advisoryLocks()).isOne();
              }
            });
    gate.awaitSomebody();
    db.ctx().deleteFrom(QUE_JOBS).where(QUE_JOBS.JOB_ID.eq(gone)).execute();
    gate.open();
    locks.join();

    assertThat(db.advisoryLocks()).isZero();
  }

  /**
   * After a lost job it goes on behind that, and comes back before it finds nothing: a job before
   * it was given back meanwhile.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void goesOnBehindALostJob(boolean oneMore) {
    long givenBack = db.enqueue("A");
    long gone = db.enqueue("A");
    long expected = oneMore ? db.enqueue("A") : givenBack;
    DSLContext other = db.session();
    other.execute("select pg_advisory_lock({0})", DSL.val(givenBack));
    races(2);
    atEach("select race.gate() where $1 = " + gone);
    Gate gate = Gate.closed(db);

    InThread locks =
        InThread.start(
            "locks",
            () -> {
              try (LockedJob job = qg.lockJob("").orElseThrow()) {
                assertThat(job.id()).isEqualTo(expected);
              }
            });
    gate.awaitSomebody();
    db.ctx().deleteFrom(QUE_JOBS).where(QUE_JOBS.JOB_ID.eq(gone)).execute();
    other.execute("select pg_advisory_unlock({0})", DSL.val(givenBack));
    gate.open();
    locks.join();
  }

  /** A thousand candidates are gone through at once. */
  @Test
  void findsAJobBehindThoseOfOthers() {
    List<Long> ids = enqueue(1_500);
    DSLContext other = db.session();
    other.execute(
        "select pg_advisory_lock(job_id) from (select job_id from que_jobs"
            + " order by priority, run_at, job_id limit 1400) as job");

    try (LockedJob job = qg.lockJob("mail").orElseThrow()) {
      assertThat(job.id()).isEqualTo(ids.get(1_400));
      assertThat(db.advisoryLocks()).isEqualTo(1_401);
    }
    other.execute("select pg_advisory_unlock_all()");
  }

  /** Its row moves, which is no reason to leave it out. */
  @Test
  void givesOutAJobThatWasUpdatedMeanwhile() {
    long id = db.enqueue("A");
    races(1);
    atEach("update que_jobs set args = '[2]' where job_id = $1");

    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(job.id()).isEqualTo(id);
      assertThat(job.args().data()).isEqualTo("[2]");
      assertThat(db.advisoryLocks()).isOne();
    }
  }

  /** Another job may be in the place of the one that was locked: here, it is named wrongly. */
  @Test
  void doesNotTakeAnotherJobForIt() {
    long id = db.enqueue("A");
    db.enqueue("B");
    db.replaceFunction(
        "set_config(name text, value text, local boolean)",
        """
        returns text language sql as $$
          select pg_catalog.real_set_config(
            name,
            case name
              when 'qg.place' then (select ctid::text from que_jobs where job_class = 'B')
              else value
            end,
            local)
        $$
        """);

    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(job.id()).isEqualTo(id);
      assertThat(job.type()).isEqualTo("A");
    }
  }

  private List<Long> enqueue(int count) {
    return db.qg()
        .enqueueAll(
            IntStream.range(0, count)
                .mapToObj(i -> Job.of("A").withQueue("mail").withPriority(i))
                .toList());
  }

  private void races(int count) {
    db.ctx().execute("update race.left set races = ?", count);
  }

  private void atEach(String statement) {
    db.ctx().execute("update race.left set at_each = ?", statement);
  }

  /** For all connections that are made from now on. */
  private void setForAll(String setting, String value) {
    String database = db.ctx().fetchSingle("select current_database()").get(0, String.class);
    db.ctx().execute("alter database " + database + " set " + setting + " = " + value);
  }
}
