package dev.qg.chaos;

import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.jooq.exception.DataAccessException;

/** What others do with the table. */
final class TableFaults {

  /** What no worker has a handler for, and what is hard to read or to put off. */
  private static final String BAD_JOBS =
      """
      insert into que_jobs (job_class, args, priority, run_at, error_count) values
        ('Bad', 'null', 100, now(), 0),
        ('Bad {"a": \u00fc}', '{"a": 1}', -32768, '-infinity', 0),
        ('Bad', '[]', 32767, 'infinity', 0),
        ('Bad', '[]', 100, now(), 2147483647),
        ('Bad', (repeat('[', 5000) || repeat(']', 5000))::json, 100, now(), 0),
        ('Bad', ('["' || repeat('x', 10000000) || '"]')::json, 100, now(), 0)
      """;

  private static final String DEADLOCK = "40P01";
  private static final Duration PATIENCE = Duration.ofMinutes(2);

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
                  held(Connection.TRANSACTION_REPEATABLE_READ, "select from que_jobs limit 1"))
              .thatRepeatsNothing(),
          new Fault("VACUUM FULL", 0, 0, done("vacuum full que_jobs")).thatRepeatsNothing(),
          new Fault("REINDEX", 0, 0, done("reindex table que_jobs")).thatRepeatsNothing(),
          new Fault("ANALYZE", 0, 0, done("analyze que_jobs")).thatRepeatsNothing(),
          new Fault(
              "all jobs are put off by somebody",
              0,
              0,
              done("update que_jobs set run_at = run_at + interval '1 microsecond'")),
          new Fault(
              "bad data is there, until somebody deletes it",
              1,
              10,
              (machine, random) -> {
                execute(machine, BAD_JOBS);
                return () -> execute(machine, "delete from que_jobs where job_class like 'Bad%'");
              }),
          new Fault(
              "the table is emptied, and filled again",
              0,
              3,
              (machine, random) -> {
                execute(
                    machine,
                    "begin; lock table que_jobs; create table aside as table que_jobs;"
                        + " truncate que_jobs; commit");
                return () ->
                    execute(
                        machine,
                        "begin; insert into que_jobs table aside; drop table aside; commit");
              }),
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

  /** Others may have locked the same rows in another order; a victim of that has done nothing. */
  private static void execute(Machine machine, String sql) {
    await(sql)
        .atMost(PATIENCE)
        .until(
            () -> {
              try {
                machine.servers().ask(ctx -> ctx.execute(sql));
                return true;
              } catch (DataAccessException e) {
                if (!e.sqlState().equals(DEADLOCK)) {
                  throw e;
                }
                return false;
              }
            });
  }

  /** Executes it in a transaction that stays open until that is over, when it finds something. */
  private static Fault.Strike held(int isolation, String sql) {
    return (machine, random) -> {
      Connection[] holding = new Connection[1];
      await(sql)
          .atMost(PATIENCE)
          .until(
              () -> {
                holding[0] = machine.servers().connect();
                boolean holds = holds(holding[0], isolation, sql);
                if (!holds) {
                  holding[0].close();
                }
                return holds;
              });
      return () -> release(holding[0]);
    };
  }

  private static boolean holds(Connection connection, int isolation, String sql)
      throws SQLException {
    connection.setTransactionIsolation(isolation);
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      return !statement.execute(sql) || statement.getResultSet().next();
    } catch (SQLException e) {
      connection.close();
      if (!DEADLOCK.equals(e.getSQLState())) {
        throw e;
      }
      return false;
    }
  }

  private static void release(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
