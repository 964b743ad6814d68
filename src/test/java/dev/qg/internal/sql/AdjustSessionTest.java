package dev.qg.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.qg.fixture.TestDatabase;
import dev.qg.internal.concurrent.Timings;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jooq.exception.DataAccessException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A session that is held for long notices a client that is gone; each leaves as it came. */
class AdjustSessionTest {

  private final AdjustSession toHold = Statements.of(null).toHold();

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  private Connection session;

  @BeforeEach
  void aSessionWithSettingsOfItsOwn() throws SQLException {
    session = db.connect();
    Plans.execute(session, "set statement_timeout = '90s'");
    Plans.execute(session, "set lock_timeout = '1500ms'");
    Plans.execute(session, "set enable_nestloop = off");
    Plans.execute(session, "set default_transaction_isolation = serializable");
    Plans.execute(session, "set idle_in_transaction_session_timeout = '2min'");
    if (knows14(settings())) {
      Plans.execute(session, "set idle_session_timeout = '10min'");
    }
  }

  @Test
  void setsWhatIsNeededAndNothingElse() throws SQLException {
    Map<String, String> before = settings();

    toHold.execute(session);

    Map<String, String> changed = settings();
    changed.entrySet().removeAll(before.entrySet());
    Map<String, String> expected =
        new TreeMap<>(
            Map.of(
                "enable_nestloop", "on",
                "default_transaction_isolation", "read committed",
                "transaction_isolation", "read committed",
                "tcp_keepalives_idle", "5",
                "tcp_keepalives_interval", "2",
                "tcp_keepalives_count", "3",
                "tcp_user_timeout", "10000",
                "statement_timeout", millis(Duration.ofSeconds(20)),
                "lock_timeout", millis(Duration.ofSeconds(10))));
    if (knows14(before)) {
      expected.put("client_connection_check_interval", "5000");
      expected.put("idle_session_timeout", "0");
    }
    assertThat(changed).isEqualTo(expected);
  }

  @Test
  void bringsBackWhatWasThereBefore() throws SQLException {
    Map<String, String> before = settings();
    String userTimeout = show("tcp_user_timeout");

    Map<String, String> replaced = toHold.execute(session);
    assertThat(show("tcp_user_timeout")).isEqualTo("10000").isNotEqualTo(userTimeout);
    toHold.release(session, replaced);

    assertThat(show("tcp_user_timeout")).isEqualTo(userTimeout);
    assertThat(show("statement_timeout")).isEqualTo("90s");
    assertThat(settings()).isEqualTo(before);
  }

  @Test
  void hardlyWaitsForLocksWhenToldSo() throws SQLException {
    Map<String, String> replaced = Statements.of(null).toWrite().execute(session);
    assertThat(show("lock_timeout")).isEqualTo("1s");
    Statements.of(null).toWriteWhatIsFree().execute(session);
    assertThat(show("lock_timeout")).isEqualTo("10ms");

    toHold.release(session, replaced);

    assertThat(show("lock_timeout")).isEqualTo("1500ms");
  }

  @Test
  void outlivesACommit() throws SQLException {
    toHold.execute(session);
    session.setAutoCommit(false);
    Plans.execute(session, "select 1");
    session.rollback();
    assertThat(settings()).containsEntry("statement_timeout", millis(Duration.ofSeconds(20)));
  }

  @Test
  void passesOverWhatTheServerCannotDo() throws SQLException {
    AdjustSession impossible =
        new AdjustSession(
            new Renderer(null),
            List.of(
                new AdjustSession.Setting("no_such_setting", "1"),
                new AdjustSession.Setting("work_mem", "-7"),
                new AdjustSession.Setting("lock_timeout", "17")));

    Map<String, String> replaced = impossible.execute(session);

    assertThat(replaced).containsExactly(Map.entry("lock_timeout", "1500ms"));
    assertThat(show("lock_timeout")).isEqualTo("17ms");
    impossible.release(session, replaced);
    assertThat(show("lock_timeout")).isEqualTo("1500ms");
  }

  @Test
  void doesNotPassOverASessionThatIsGone() throws SQLException {
    session.close();
    assertThat(catchThrowableOfType(DataAccessException.class, () -> toHold.execute(session)))
        .isNotNull();
  }

  /** Whether the server is of PostgreSQL 14 or later. */
  private static boolean knows14(Map<String, String> settings) {
    return settings.containsKey("idle_session_timeout");
  }

  private static String millis(Duration longWait) {
    return String.valueOf(Timings.scaled(longWait).toMillis());
  }

  private Map<String, String> settings() throws SQLException {
    Map<String, String> settings = new TreeMap<>();
    try (Statement statement = session.createStatement();
        ResultSet rows = statement.executeQuery("select name, setting from pg_settings")) {
      while (rows.next()) {
        settings.put(rows.getString(1), rows.getString(2));
      }
    }
    return settings;
  }

  private String show(String name) throws SQLException {
    try (Statement statement = session.createStatement();
        ResultSet row = statement.executeQuery("show " + name)) {
      assertThat(row.next()).isTrue();
      return row.getString(1);
    }
  }
}
