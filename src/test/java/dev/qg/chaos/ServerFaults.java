package dev.qg.chaos;

import static org.awaitility.Awaitility.await;

import dev.qg.fixture.OwnServer.End;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;

/** What happens to the server and its sessions. */
final class ServerFaults {

  private static final String KILL =
      "select pg_terminate_backend(pid) from pg_stat_activity"
          + " where datname = current_database() and pid <> pg_backend_pid() and ";

  static final List<Fault> ALL =
      List.of(
          new Fault("the server is stopped fast", 0.5, 5, stopped(End.FAST)),
          new Fault("the server is stopped at once", 0.5, 5, stopped(End.IMMEDIATE)),
          new Fault("the server is killed", 0.5, 5, stopped(End.KILLED)),
          new Fault("the server is away for a minute", 60, 60, stopped(End.IMMEDIATE)),
          new Fault(
              "the primary dies, its standby takes over",
              0.5,
              5,
              (machine, random) -> {
                machine.servers().failOver();
                return machine.servers()::rebuildStandby;
              }),
          new Fault(
              "the sessions with the jobs' locks are ended",
              0,
              0,
              ended(
                  "pid in (select pid from pg_locks where locktype = 'advisory' and objsubid = 1)")),
          new Fault("the listeners' sessions are ended", 0, 0, ended("query ilike 'listen%'")),
          new Fault("sessions in a transaction are ended", 0, 0, ended("xact_start is not null")),
          new Fault("half of all sessions are ended", 0, 0, ended("pid % 2 = 0")),
          new Fault("statements may take 300 ms", 1, 20, set("statement_timeout = 300")),
          new Fault("locks are waited for 50 ms", 1, 20, set("lock_timeout = 50")),
          new Fault(
              "transactions may idle 200 ms",
              1,
              20,
              set("idle_in_transaction_session_timeout = 200")),
          new Fault("sessions may idle 1 s", 1, 20, set("idle_session_timeout = 1000")),
          new Fault("no room for locks", 1, 10, (machine, random) -> fillLockTable(machine)),
          new Fault("no connection is left", 1, 20, (machine, random) -> crowd(machine)),
          new Fault("the database is read-only", 1, 20, set("default_transaction_read_only = on")));

  private ServerFaults() {}

  private static Fault.Strike stopped(End end) {
    return (machine, random) -> {
      machine.servers().primary().stop(end);
      return machine.servers().primary()::start;
    };
  }

  /** There may be none of them at one moment. */
  private static Fault.Strike ended(String which) {
    return (machine, random) -> {
      await("somebody to be ended")
          .atMost(Duration.ofMinutes(1))
          .until(() -> machine.servers().ask(ctx -> ctx.fetch(KILL + which)).isNotEmpty());
      return () -> {};
    };
  }

  /** Gives the database a setting for some time: sessions that have another one are ended. */
  private static Fault.Strike set(String setting) {
    return (machine, random) -> {
      change(machine, "set " + setting);
      return () -> change(machine, "reset " + setting.substring(0, setting.indexOf(' ')));
    };
  }

  private static void change(Machine machine, String change) {
    machine
        .servers()
        .ask(
            ctx -> {
              ctx.execute("alter database postgres " + change);
              return ctx.fetch(KILL + "true");
            });
  }

  /** Takes locks that nobody else means, as long as the server has room for them. */
  private static Runnable fillLockTable(Machine machine) {
    try {
      Connection greedy = machine.servers().connect();
      DSLContext ctx = DSL.using(greedy, SQLDialect.POSTGRES);
      try {
        ctx.fetch("select pg_advisory_lock(77, i) from generate_series(1, 1000000) i");
        throw new IllegalStateException("The lock table has no end");
      } catch (DataAccessException e) {
        if (!e.sqlState().equals("53200")) {
          throw e;
        }
        return () -> close(greedy);
      }
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Takes all connections that there are, and those that others give up. */
  private static Runnable crowd(Machine machine) {
    List<Connection> crowd = new ArrayList<>();
    machine.servers().ask(ctx -> ctx.fetch(KILL + "pid % 2 = 0"));
    try {
      while (true) {
        crowd.add(machine.servers().primary().connectAs(Servers.USER));
      }
    } catch (SQLException full) {
      return () -> crowd.forEach(ServerFaults::close);
    }
  }

  private static void close(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
