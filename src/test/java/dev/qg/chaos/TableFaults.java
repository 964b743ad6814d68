package dev.qg.chaos;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** What others do with the table. */
final class TableFaults {

  static final List<Fault> ALL =
      List.of(
          new Fault(
              "rows are locked",
              1,
              10,
              held(
                  Connection.TRANSACTION_READ_COMMITTED,
                  "select from que_jobs order by md5(job_id::text) limit 50 for update")),
          new Fault(
              "the table is locked",
              1,
              25,
              held(Connection.TRANSACTION_READ_COMMITTED, "lock table que_jobs")),
          new Fault(
              "an old snapshot is held",
              5,
              30,
              held(Connection.TRANSACTION_REPEATABLE_READ, "select from que_jobs limit 1")),
          new Fault("VACUUM FULL", 0, 0, done("vacuum full que_jobs")),
          new Fault("REINDEX", 0, 0, done("reindex table que_jobs")),
          new Fault("ANALYZE", 0, 0, done("analyze que_jobs")),
          new Fault(
              "all jobs are put off by somebody",
              0,
              0,
              done("update que_jobs set run_at = run_at + interval '1 microsecond'")),
          new Fault(
              "a column comes and goes",
              0,
              2,
              (machine, random) -> {
                execute(machine, "alter table que_jobs add column note text");
                return () -> execute(machine, "alter table que_jobs drop column note");
              }));

  private TableFaults() {}

  private static Fault.Strike done(String sql) {
    return (machine, random) -> {
      execute(machine, sql);
      return () -> {};
    };
  }

  private static void execute(Machine machine, String sql) {
    machine.servers().ask(ctx -> ctx.execute(sql));
  }

  /** Executes it in a transaction that stays open until that is over. */
  private static Fault.Strike held(int isolation, String sql) {
    return (machine, random) -> {
      Connection connection = null;
      try {
        connection = machine.servers().primary().connect();
        connection.setTransactionIsolation(isolation);
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
          statement.execute(sql);
        }
        Connection holding = connection;
        return () -> release(holding);
      } catch (SQLException e) {
        if (connection != null) {
          release(connection);
        }
        throw new IllegalStateException(e);
      }
    };
  }

  private static void release(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
