package dev.qg.bench.contestant;

import dev.qg.bench.Client;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * The least that a queue on PostgreSQL can do: each statement deletes a thousand jobs and returns
 * them. A job whose handler fails or dies is lost.
 */
public final class Limit extends JobTable {

  private static final String DELETE =
      """
      delete from que_jobs job
      using (
        select queue, priority, run_at, job_id
        from que_jobs
        where queue = '' and run_at <= now()
        order by priority, run_at, job_id
        limit 1000
        for update skip locked
      ) next
      where job.queue = next.queue and job.priority = next.priority
        and job.run_at = next.run_at and job.job_id = next.job_id
      returning job.job_id, job.job_class, job.args
      """;

  private final int threads;

  public Limit(Database database, int threads) {
    super(database);
    this.threads = threads;
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    Threads.drain(threads, this, ledger, () -> new One(database.connect(), ledger));
  }

  @Override
  public Client client() throws SQLException {
    return new Inserts(database.connect());
  }

  /** Copies rows of jobs into the table. */
  public static void copy(Connection connection, int from, int count) throws SQLException {
    CopyIn copy =
        connection
            .unwrap(PGConnection.class)
            .getCopyAPI()
            .copyIn("copy que_jobs (job_class, args) from stdin");
    for (int number = from; number < from + count; number++) {
      byte[] row = ("Bench\t[" + number + "]\n").getBytes(StandardCharsets.UTF_8);
      copy.writeToCopy(row, 0, row.length);
    }
    copy.endCopy();
  }

  /** Plain inserts and copies of the same rows. */
  private static final class Inserts extends Session implements Client {

    private final PreparedStatement insert;

    Inserts(Connection connection) throws SQLException {
      super(connection);
      this.insert =
          connection.prepareStatement(
              "insert into que_jobs (job_class, args) values ('Bench', ?::json)");
    }

    @Override
    public void enqueue(int number) throws SQLException {
      insert.setString(1, "[" + number + "]");
      insert.executeUpdate();
    }

    @Override
    public void enqueueAll(int from, int count) throws SQLException {
      copy(connection, from, count);
    }
  }

  private static final class One extends Session implements Threads.One {

    private final PreparedStatement delete;
    private final Ledger ledger;

    One(Connection connection, Ledger ledger) throws SQLException {
      super(connection);
      this.delete = connection.prepareStatement(DELETE);
      this.ledger = ledger;
    }

    @Override
    public boolean work() throws Exception {
      boolean any = false;
      try (ResultSet rows = delete.executeQuery()) {
        while (rows.next()) {
          any = true;
          ledger.work(number(rows.getString(3)));
        }
      }
      return any;
    }
  }
}
