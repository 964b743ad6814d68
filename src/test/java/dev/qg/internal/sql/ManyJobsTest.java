package dev.qg.internal.sql;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jooq.JSON;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many jobs are ended in one statement, each by its own key, and the lost ones are told. */
class ManyJobsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final Statements sql = Statements.of(null);
  private Connection connection;

  @BeforeEach
  void jobsOfThreeQueues() throws Exception {
    connection = db.connect();
    Plans.load(connection, 3_000);
    Plans.execute(connection, "update que_jobs set queue = 'q' || job_id % 3");
  }

  @Test
  void deletesThoseThatAreNamedAndNoOthers() throws SQLException {
    List<JobRow> rows = rows();

    Set<Long> deleted = sql.deleteJobs().execute(connection, rows.subList(500, 2_500));

    assertThat(deleted).isEqualTo(Rows.ids(rows.subList(500, 2_500)));
    assertThat(rows())
        .containsExactlyElementsOf(
            IntStream.range(0, 3_000)
                .filter(i -> i < 500 || i >= 2_500)
                .mapToObj(rows::get)
                .toList());
    assertThat(sql.deleteJobs().execute(connection, List.of())).isEmpty();
  }

  @Test
  void deletesNoneWhoseKeyIsUsedUp() throws SQLException {
    List<JobRow> rows = rows();
    JobRow deleted = rows.get(0);
    JobRow retried = rows.get(1);
    JobKey other = rows.get(2).key();
    JobRow mine = rows.get(3);
    sql.deleteJob().execute(connection, deleted.key());
    sql.scheduleRetry().execute(connection, retried.key(), Duration.ZERO, "error");
    // The parts of several keys that exist don't make one that does, in whichever place.
    JobKey mixed = new JobKey(other.queue(), other.priority(), mine.key().runAt(), other.id());
    JobRow inItsPlace = at(rows.get(2).place(), mixed);
    JobRow inMine = at(mine.place(), mixed);

    assertThat(
            sql.deleteJobs()
                .execute(connection, List.of(deleted, retried, inItsPlace, inMine, mine)))
        .containsExactly(mine.key().id());
    assertThat(db.jobs()).hasSize(2_998);
  }

  @ParameterizedTest
  @ValueSource(strings = {"infinity", "-infinity", "0044-03-15 12:00:00.000001 BC", "294276-12-31"})
  void findsJobsOfAllTimes(String time) throws Exception {
    Plans.execute(connection, "delete from que_jobs");
    Plans.execute(
        connection, "insert into que_jobs (run_at, job_class) values ('" + time + "', 'A')");
    List<JobRow> rows = rows();

    assertThat(rows).hasSize(1);
    assertThat(sql.deleteJobs().execute(connection, rows)).isEqualTo(Rows.ids(rows));
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void recordsFailuresAsThoseOfOneJobAre() throws SQLException {
    List<JobKey> keys = keys();
    JobKey first = keys.get(0);
    JobKey second = keys.get(1);
    JobKey capped = keys.get(2);
    JobKey lost = keys.get(3);
    JobKey future = keys.get(2_999);
    sql.deleteJob().execute(connection, lost);
    Plans.execute(
        connection, "update que_jobs set error_count = 2147483647 where job_id = " + capped.id());
    OffsetDateTime before = now();

    Set<Long> scheduled =
        sql.scheduleRetries()
            .execute(
                connection,
                List.of(
                    new Retry(first, Duration.ofSeconds(60), "first, \"with\" {all} \\ signs"),
                    new Retry(second, Duration.ofMillis(1_500), "second"),
                    new Retry(capped, Duration.ZERO, ""),
                    new Retry(lost, Duration.ZERO, "lost"),
                    // However far back the clock goes, the key moves.
                    new Retry(future, Duration.ofDays(-100_000), "back")));

    OffsetDateTime after = now();
    assertThat(scheduled)
        .containsExactlyInAnyOrder(first.id(), second.id(), capped.id(), future.id());
    QueJobsRecord job = db.job(first.id());
    assertThat(job.getErrorCount()).isOne();
    assertThat(job.getLastError()).isEqualTo("first, \"with\" {all} \\ signs");
    assertThat(job.getRunAt()).isBetween(before.plusSeconds(60), after.plusSeconds(60));
    assertThat(db.job(second.id()).getLastError()).isEqualTo("second");
    assertThat(db.job(second.id()).getRunAt())
        .isBetween(before.plus(1_500, ChronoUnit.MILLIS), after.plus(1_500, ChronoUnit.MILLIS));
    assertThat(db.job(capped.id()).getErrorCount()).isEqualTo(Integer.MAX_VALUE);
    assertThat(db.job(future.id()).getRunAt()).isEqualTo(future.runAt().plus(1, ChronoUnit.MICROS));
    assertThat(db.ctx().fetchCount(QUE_JOBS, QUE_JOBS.ERROR_COUNT.eq(0))).isEqualTo(2_995);
  }

  private static JobRow at(String place, JobKey key) {
    return new JobRow(key, "A", JSON.json("[]"), 0, null, place);
  }

  private List<JobKey> keys() throws SQLException {
    return rows().stream().map(JobRow::key).toList();
  }

  private List<JobRow> rows() throws SQLException {
    return Rows.all(connection);
  }

  private OffsetDateTime now() {
    return db.ctx().fetchSingle("select clock_timestamp()").get(0, OffsetDateTime.class);
  }
}
