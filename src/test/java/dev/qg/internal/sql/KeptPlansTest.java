package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jooq.Result;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A session keeps its plans, also those from when the table was a page, and reading all of it the
 * least to do: what ends a job finds it in the index all the same, at no cost to what else is done
 * in the transaction.
 */
class KeptPlansTest {

  private static final JobKey NONE = new JobKey("none", (short) 1, OffsetDateTime.MAX, 0);

  /** What ends a job. */
  private enum End {
    DELETE {
      @Override
      boolean of(Statements sql, Connection connection, JobKey key) {
        return sql.deleteJob().execute(connection, key);
      }
    },
    FINISH {
      @Override
      boolean of(Statements sql, Connection connection, JobKey key) {
        return sql.finishJob().execute(connection, key).deleted();
      }
    },
    RETRY {
      @Override
      boolean of(Statements sql, Connection connection, JobKey key) {
        return sql.scheduleRetry().execute(connection, key, Duration.ZERO, "error");
      }
    },
    BURY {
      @Override
      boolean of(Statements sql, Connection connection, JobKey key) {
        return sql.buryJob().execute(connection, key, "error");
      }
    };

    abstract boolean of(Statements sql, Connection connection, JobKey key);
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final Statements sql = Statements.of(null);

  private Connection connection;

  @BeforeEach
  void connect() {
    connection = db.connect();
  }

  static Stream<Object[]> endsAndSizes() {
    return Stream.of(End.values())
        .flatMap(end -> Stream.of(0, 1, 10, 1_000).map(size -> new Object[] {end, size}));
  }

  @ParameterizedTest
  @MethodSource("endsAndSizes")
  void readTheIndexWhateverTheTableWas(End end, int jobs) throws SQLException {
    Plans.load(connection, jobs);
    Plans.execute(connection, "vacuum analyze que_jobs");
    useUntilAPlanIsKept(end);

    List<String> plans = keptPlans();

    assertThat(plans).hasSize(1);
    assertThat(plans.get(0))
        .contains("Index Scan using que_jobs_pkey on que_jobs ")
        .containsPattern("Index Cond: .*queue.* = .*priority = .*run_at = .*job_id = \\$")
        .doesNotContain("Seq Scan");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FINISH")
  void areNotKeptWhereTheDriverIsNotKnown(End end) throws SQLException {
    Connection hidden = Intercept.opaque(connection);
    for (int i = 0; i < 10; i++) {
      assertThat(end.of(sql, hidden, NONE)).isFalse();
    }
    JobKey key = newJob();

    assertThat(end.of(sql, hidden, key)).isTrue();
    assertThat(prepared()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FINISH")
  void leaveTheTransactionAsItWas(End end) throws SQLException {
    for (String setting : List.of("on", "off")) {
      for (String scope : List.of("session", "local")) {
        connection.setAutoCommit(false);
        Plans.execute(connection, "set " + scope + " enable_seqscan = " + setting);

        assertThat(end.of(sql, connection, newJob())).isTrue();
        assertThat(seqScan()).isEqualTo(setting);
        assertThat(end.of(sql, connection, NONE)).isFalse();
        assertThat(seqScan()).isEqualTo(setting);

        connection.commit();
        connection.setAutoCommit(true);
        assertThat(seqScan()).isEqualTo(scope.equals("local") ? "on" : setting);
        Plans.execute(connection, "set enable_seqscan = on");
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void leaveTheSessionAsItWas(End end) throws SQLException {
    assertThat(end.of(sql, connection, newJob())).isTrue();
    assertThat(seqScan()).isEqualTo("on");
    assertThat(end.of(sql, connection, NONE)).isFalse();
    assertThat(seqScan()).isEqualTo("on");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FINISH")
  void leaveTheTransactionAsItWasWhenTheyAreUndone(End end) throws SQLException {
    JobKey key = newJob();
    trigger("after", "row", "raise exception 'refused'");
    connection.setAutoCommit(false);
    Savepoint savepoint = connection.setSavepoint();

    assertThatThrownBy(() -> end.of(sql, connection, key))
        .isInstanceOf(DataAccessException.class)
        .hasMessageContaining("refused");
    connection.rollback(savepoint);

    assertThat(seqScan()).isEqualTo("on");
    connection.rollback();
  }

  static Stream<Object[]> endsAndTriggers() {
    return Stream.of(End.values())
        .flatMap(
            end ->
                Stream.of(
                        List.of("before", "row"),
                        List.of("after", "row"),
                        List.of("after", "statement"))
                    .map(trigger -> new Object[] {end, trigger.get(0), trigger.get(1)}));
  }

  @ParameterizedTest
  @MethodSource("endsAndTriggers")
  void areNoneOfATriggersBusiness(End end, String time, String level) throws SQLException {
    assertThat(seenBy(time, level, end)).containsExactly("on");
  }

  /** It runs before the statement has evaluated anything. */
  @ParameterizedTest
  @EnumSource
  void areTheBusinessOfATriggerBeforeTheStatement(End end) throws SQLException {
    assertThat(seenBy("before", "statement", end)).containsExactly("off");
    assertThat(seqScan()).isEqualTo("on");
  }

  @Test
  void ofRevivalsAreNotKept() {
    for (int i = 0; i < 10; i++) {
      assertThat(sql.reviveJobs().execute(connection, List.of(0L))).isEmpty();
    }

    assertThat(ctx().fetch("select statement from pg_prepared_statements").format())
        .doesNotContain("qg_dead_jobs");
  }

  /** What sequential scans are set to for a trigger. */
  private List<String> seenBy(String time, String level, End end) throws SQLException {
    Plans.execute(connection, "create table seen (seq_scan text)");
    trigger(
        time,
        level,
        "insert into seen select current_setting('enable_seqscan'); return coalesce(new, old)");
    assertThat(end.of(sql, connection, newJob())).isTrue();
    return db.ctx().fetch("select seq_scan from seen").into(String.class);
  }

  private void trigger(String time, String level, String statement) throws SQLException {
    Plans.execute(
        connection,
        "create function ends() returns trigger language plpgsql as $$ begin "
            + statement
            + "; end $$");
    Plans.execute(
        connection,
        "create trigger ends "
            + time
            + " update or delete on que_jobs for each "
            + level
            + " execute function ends()");
  }

  private JobKey newJob() throws SQLException {
    long id = db.enqueue("A");
    return Rows.all(connection).stream()
        .map(JobRow::key)
        .filter(key -> key.id() == id)
        .findAny()
        .orElseThrow();
  }

  private String seqScan() {
    return ctx().fetchSingle("show enable_seqscan").get(0, String.class);
  }

  /** The server makes five plans for the parameters that it gets, before it keeps one for any. */
  private void useUntilAPlanIsKept(End end) {
    for (int i = 0; i < 10; i++) {
      assertThat(end.of(sql, connection, NONE)).isFalse();
    }
  }

  /** What the server has prepared of what ends a job: the name, and how many parameters. */
  private Result<Record> prepared() {
    return ctx()
        .fetch(
            "select name, cardinality(parameter_types) from pg_prepared_statements"
                + " where not from_sql and statement ~ '(delete from|update) \"que_jobs\"'");
  }

  /** The plans that the session has for what ends a job. */
  private List<String> keptPlans() {
    return prepared()
        .map(
            statement -> {
              String nulls = String.join(", ", Collections.nCopies((int) statement.get(1), "null"));
              return ctx()
                  .fetch("explain execute \"" + statement.get(0) + "\" (" + nulls + ")")
                  .format();
            });
  }

  private DSLContext ctx() {
    return DSL.using(connection, SQLDialect.POSTGRES);
  }
}
