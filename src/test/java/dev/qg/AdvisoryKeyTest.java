package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A job's lock is the session's advisory lock with the job's id as one bigint key, so that Ruby's
 * Que, que-go, qg and we keep each other out.
 */
class AdvisoryKeyTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @ValueSource(longs = {1, 4_294_967_295L, 4_294_967_296L, Long.MAX_VALUE, -1, Long.MIN_VALUE})
  void isTheIdAsOneBigint(long id) {
    insert(id);

    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      Record lock =
          db.ctx()
              .fetchSingle(
                  """
                  select classid::bigint, objid::bigint, objsubid, mode
                  from pg_locks join pg_database on pg_database.oid = database
                  where locktype = 'advisory' and datname = current_database()
                  """);
      assertThat(job.id()).isEqualTo(id);
      assertThat(lock.get(0)).isEqualTo(id >>> 32);
      assertThat(lock.get(1)).isEqualTo(id & 0xFFFF_FFFFL);
      assertThat(lock.get(2, Integer.class)).isEqualTo(1);
      assertThat(lock.get(3)).isEqualTo("ExclusiveLock");
      job.delete();
    }
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void keepsUsAwayFromWhatAnotherClientWorks() {
    long id = db.enqueue("MyJob");
    DSLContext other = db.session();

    assertThat(tryLock(other, id)).isTrue();
    assertThat(db.qg().lockJob("")).isEmpty();

    other.execute("select pg_advisory_unlock(" + id + ")");
    db.qg().lockJob("").orElseThrow().done();
  }

  @Test
  void keepsAnotherClientAwayFromWhatWeWork() {
    long id = db.enqueue("MyJob");
    DSLContext other = db.session();

    LockedJob job = db.qg().lockJob("").orElseThrow();
    assertThat(tryLock(other, id)).isFalse();

    job.done();
    assertThat(tryLock(other, id)).isTrue();
    other.execute("select pg_advisory_unlock(" + id + ")");
  }

  @Test
  void isNotMetByKeysOfTwoParts() {
    long id = db.enqueue("MyJob");
    DSLContext other = db.session();
    other.execute("select pg_advisory_lock(" + (id >> 32) + ", " + (int) id + ")");

    db.qg().lockJob("").orElseThrow().done();
    other.execute("select pg_advisory_unlock_all()");
  }

  private void insert(long id) {
    db.ctx()
        .insertInto(QUE_JOBS, QUE_JOBS.JOB_ID, QUE_JOBS.JOB_CLASS)
        .values(id, "MyJob")
        .execute();
  }

  private static boolean tryLock(DSLContext session, long id) {
    return (boolean) session.fetchValue("select pg_try_advisory_lock(" + id + ")");
  }
}
