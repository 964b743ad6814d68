package dev.qg.chaos;

import dev.qg.fixture.OwnServer;
import dev.qg.fixture.OwnServer.End;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** The two servers of a run: a primary, and a standby for which each commit waits. */
final class Servers implements AutoCloseable {

  /** Whose connections are limited, unlike ours. */
  static final String USER = "app";

  private static final String UNSTRUCK =
      "set statement_timeout = 0; set lock_timeout = '60s'; set idle_session_timeout = 0;"
          + " set idle_in_transaction_session_timeout = 0; set default_transaction_read_only = off";

  private static final Map<String, String> SETTINGS = Map.of("max_connections", "100");

  private final OwnServer[] servers = new OwnServer[2];
  private volatile int primary;

  Servers() {
    servers[0] = OwnServer.start(SETTINGS);
    tell(
        ctx -> {
          Orders.createTables(ctx);
          ctx.execute("create role " + USER + " login");
          ctx.execute("grant all on all tables in schema public to " + USER);
          ctx.execute("grant all on all sequences in schema public to " + USER);
        });
    servers[1] = servers[0].withStandby();
  }

  /** Where the first or the second one listens now. */
  int port(int number) {
    return servers[number].port();
  }

  OwnServer primary() {
    return servers[primary];
  }

  /** Asks the primary something, on a session of its own. */
  <T> T ask(Function<DSLContext, T> question) {
    try (Connection connection = connect()) {
      return question.apply(DSL.using(connection, SQLDialect.POSTGRES));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Does something on the primary, on a session of its own. */
  void tell(Consumer<DSLContext> what) {
    ask(
        ctx -> {
          what.accept(ctx);
          return true;
        });
  }

  /**
   * A session on the primary that no fault's setting strikes, and that waits for no lock for ever.
   */
  Connection connect() throws SQLException {
    Connection connection = primary().connect();
    DSL.using(connection, SQLDialect.POSTGRES).execute(UNSTRUCK);
    return connection;
  }

  /** The primary dies, and the standby takes its place. */
  void failOver() {
    primary().stop(End.KILLED);
    int other = 1 - primary;
    servers[other].promote();
    primary = other;
  }

  /** Gives the primary another standby, in the place of the one that died. */
  void rebuildStandby() {
    int other = 1 - primary;
    servers[other].close();
    servers[other] = primary().withStandby();
  }

  @Override
  public void close() {
    for (OwnServer server : servers) {
      if (server != null) {
        server.close();
      }
    }
  }
}
