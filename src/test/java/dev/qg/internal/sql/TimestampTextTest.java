package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A time that goes to PostgreSQL as text is the time that comes back, to the microsecond. */
class TimestampTextTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  static Stream<OffsetDateTime> times() {
    return Stream.of(
        OffsetDateTime.of(2026, 11, 23, 1, 2, 3, 123_456_000, ZoneOffset.UTC),
        OffsetDateTime.of(2026, 11, 23, 1, 2, 3, 0, ZoneOffset.ofHoursMinutes(5, 45)),
        OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 1_000, ZoneOffset.MAX),
        OffsetDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000, ZoneOffset.UTC),
        OffsetDateTime.of(10_000, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC),
        OffsetDateTime.of(9_999, 12, 31, 23, 59, 59, 999_999_000, ZoneOffset.MIN),
        OffsetDateTime.of(294_276, 12, 31, 23, 59, 59, 999_999_000, ZoneOffset.UTC),
        OffsetDateTime.of(1, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC),
        OffsetDateTime.of(0, 12, 31, 23, 59, 59, 999_999_000, ZoneOffset.UTC),
        OffsetDateTime.of(-1, 2, 28, 0, 0, 0, 5_000, ZoneOffset.UTC),
        OffsetDateTime.of(0, 2, 29, 12, 34, 56, 1_000, ZoneOffset.UTC),
        OffsetDateTime.of(-400, 2, 29, 12, 0, 0, 0, ZoneOffset.UTC),
        OffsetDateTime.of(-4_712, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC),
        OffsetDateTime.MAX,
        OffsetDateTime.MIN);
  }

  @ParameterizedTest
  @MethodSource("times")
  void comesBackFromTheTable(OffsetDateTime time) {
    Statements sql = Statements.of(null);
    db.ctx()
        .connection(
            connection -> {
              connection.setAutoCommit(false);
              NewJob job = new NewJob("A", "", (short) 1, time, JSON.json("[]"));
              sql.bulkInsert().execute(connection, List.of(job), null);
              connection.setAutoCommit(true);
              JobKey byText = key(connection);
              assertThat(byText.runAt().toInstant()).isEqualTo(time.toInstant());
              // The second look names the time as text, the deletion as the driver does.
              assertThat(sql.rereadJobs().execute(connection, "", List.of(byText), 1).rows())
                  .hasSize(1);
              assertThat(sql.deleteJob().execute(connection, byText)).isTrue();
            });
  }

  @Test
  void agreesWithTheDriverOnTimesAtRandom() {
    Random random = new Random(7);
    DSLContext session = db.session();
    List<OffsetDateTime> times =
        IntStream.range(0, 2_000)
            .mapToObj(
                i ->
                    OffsetDateTime.of(2000, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC)
                        .plusSeconds(random.nextLong(-210_000_000_000L, 9_200_000_000_000L))
                        .plusNanos(random.nextInt(1_000_000) * 1_000L)
                        .truncatedTo(ChronoUnit.MICROS))
            .toList();
    for (OffsetDateTime time : times) {
      assertThat(
              session
                  .select(
                      DSL.field(
                          "{0}::timestamptz = {1}::timestamptz",
                          Boolean.class, DSL.val(TimestampText.of(time)), DSL.val(time)))
                  .fetchSingle()
                  .value1())
          .as("%s", time)
          .isTrue();
    }
  }

  private static JobKey key(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("select queue, priority, run_at, job_id from que_jobs")) {
      assertThat(row.next()).isTrue();
      return JobKey.read(row);
    }
  }
}
