package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Any text and any time that PostgreSQL can hold is stored exactly, however it is sent. */
class StoredTextTest {

  private static final List<String> TEXTS =
      List.of(
          "tab\there",
          "line\nbreak\r\nand return\r",
          "\\N",
          "\\.",
          "\\",
          "\\\\N \\t \\x41 \\101 \\",
          "NULL",
          "'quotes' \"double\" $$dollar$$ `back`",
          "{array,\"like\",NULL}",
          "a,b;c|d",
          "? ?? ?| :name $1 %s {fn now()}",
          " leading and trailing ",
          "\u0001\u0007\b\f\u000b\u001b\u007f\u0085\u2028\ufeff",
          "ÄÖÜ ß 漢字 עברית 🐘 👩‍👩‍👧 \uffff \udbff\udfff",
          "e\u0301 and \u00e9 stay different",
          "-- comment /* here */");

  private static final List<Instant> TIMES =
      List.of(
          Instant.parse("-4713-11-24T00:00:00Z"),
          Instant.parse("-4712-01-01T00:00:00.000001Z"),
          Instant.parse("-0001-12-31T23:59:59.999999Z"),
          Instant.parse("0001-01-01T00:00:00Z"),
          Instant.parse("1582-10-10T00:00:00Z"),
          Instant.parse("1900-01-01T00:00:00.1Z"),
          Instant.parse("1969-12-31T23:59:59.999999Z"),
          Instant.parse("2024-02-29T23:59:59.000001Z"),
          Instant.parse("9999-12-31T23:59:59.999999Z"),
          Instant.parse("+10000-01-01T00:00:00Z"),
          Instant.parse("+99999-12-31T00:00:00Z"),
          Instant.parse("+100000-01-01T00:00:00Z"),
          Instant.parse("+294276-12-31T23:59:59.999999Z"));

  /** The ways in which jobs reach the server. */
  enum Way {
    ONE_BY_ONE {
      @Override
      void enqueue(Qg qg, Connection connection, List<Job> jobs) {
        jobs.forEach(job -> qg.enqueue(connection, job));
      }
    },
    ARRAYS {
      @Override
      void enqueue(Qg qg, Connection connection, List<Job> jobs) {
        qg.enqueueAll(Intercept.opaque(connection), jobs);
      }
    },
    COPY {
      @Override
      void enqueue(Qg qg, Connection connection, List<Job> jobs) {
        List<Job> many = new ArrayList<>();
        Collections.nCopies(500, jobs).forEach(many::addAll);
        qg.enqueueAll(connection, many);
      }
    };

    abstract void enqueue(Qg qg, Connection connection, List<Job> jobs);
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @EnumSource
  void storesAnyTextExactly(Way way) throws SQLException {
    List<Job> jobs = TEXTS.stream().map(StoredTextTest::everywhere).toList();

    enqueue(way, jobs);

    assertThat(db.jobs()).extracting(QueJobsRecord::getQueue).containsAll(TEXTS);
    assertThat(db.jobs())
        .allSatisfy(
            row -> {
              Job job = everywhere(row.getQueue());
              assertThat(row.getJobClass()).isEqualTo(job.type());
              assertThat(row.getArgs()).isEqualTo(job.args().orElseThrow());
            });
  }

  @ParameterizedTest
  @EnumSource
  void storesAnyTimeExactly(Way way) throws SQLException {
    List<Job> jobs =
        TIMES.stream()
            .map(time -> Job.of(time.toString()).withRunAt(time).withQueue("").withArgs("[]"))
            .toList();

    enqueue(way, jobs);

    assertThat(db.jobs())
        .allSatisfy(row -> assertThat(row.getRunAt().toInstant()).hasToString(row.getJobClass()))
        .extracting(QueJobsRecord::getJobClass)
        .containsAll(TIMES.stream().map(Instant::toString).toList());
  }

  private void enqueue(Way way, List<Job> jobs) throws SQLException {
    try (Connection connection = db.dataSource().getConnection()) {
      way.enqueue(db.qg(), connection, jobs);
    }
  }

  private static Job everywhere(String text) {
    return Job.of("type " + text)
        .withQueue(text)
        .withArgs(
            "[\""
                + text.replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\p{Cntrl}", "\\\\t")
                + "\"\t,\n1\r\n]");
  }
}
