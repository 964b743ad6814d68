package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.jooq.UpdatableRecord;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A record of a job can't be stored, updated or deleted: jOOQ inserts a second row where a column
 * of the key was set, and tells nothing where a worker has ended the job meanwhile.
 */
class GeneratedRecordsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void cannotBeStored() {
    assertThat(QUE_JOBS.newRecord()).isNotInstanceOf(UpdatableRecord.class);
    assertThat(QG_DEAD_JOBS.newRecord()).isNotInstanceOf(UpdatableRecord.class);
  }

  @Test
  void insertNoCopyOfTheJobTheyWereReadFrom() {
    long id = db.enqueue("Do");
    QueJobsRecord read = db.job(id);
    read.setRunAt(OffsetDateTime.now(ZoneOffset.UTC).plusHours(1));

    assertThatThrownBy(read::insert).isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> db.ctx().executeInsert(read)).isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> db.ctx().batchInsert(read).execute())
        .isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> db.ctx().insertInto(QUE_JOBS).set(read).execute())
        .isInstanceOf(DataAccessException.class);

    assertThat(db.jobs()).extracting(QueJobsRecord::getJobId).containsExactly(id);
  }

  @Test
  void stillInsertNewJobsOfOnesOwn() {
    QueJobsRecord job = db.ctx().newRecord(QUE_JOBS);
    job.setJobClass("Do");
    job.insert();
    assertThat(job.getJobId()).isPositive();

    QueJobsRecord other = db.ctx().newRecord(QUE_JOBS);
    other.setJobClass("Do");
    assertThat(db.ctx().batchInsert(List.of(other)).execute()).containsExactly(1);
    assertThat(db.jobs()).hasSize(2);
  }
}
