package dev.qg.bench.contestant;

import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The least that a handler with a transaction costs: for each job an insert, the job's deletion and
 * a commit. It knows the jobs beforehand and shares them out in memory.
 */
public final class PlainTransactions extends JobTable {

  private final int connections;

  public PlainTransactions(Database database, int connections) {
    super(database);
    this.connections = connections;
  }

  private record Key(int priority, OffsetDateTime runAt, long id, int number) {}

  @Override
  public void drain(Ledger ledger) throws Exception {
    ConcurrentLinkedQueue<Key> keys = new ConcurrentLinkedQueue<>(keys());
    Threads.drain(connections, this, ledger, () -> new One(database.connect(), keys, ledger));
  }

  private List<Key> keys() throws SQLException {
    List<Key> keys = new ArrayList<>();
    try (Connection connection = database.connect();
        Statement select = connection.createStatement();
        ResultSet rows =
            select.executeQuery(
                "select priority, run_at, job_id, args from que_jobs order by job_id")) {
      while (rows.next()) {
        keys.add(
            new Key(
                rows.getInt(1),
                rows.getObject(2, OffsetDateTime.class),
                rows.getLong(3),
                number(rows.getString(4))));
      }
    }
    return keys;
  }

  private static final class One extends Session implements Threads.One {

    private final ConcurrentLinkedQueue<Key> keys;
    private final PreparedStatement insert;
    private final PreparedStatement delete;
    private final Ledger ledger;

    One(Connection connection, ConcurrentLinkedQueue<Key> keys, Ledger ledger) throws SQLException {
      super(connection);
      connection.setAutoCommit(false);
      this.keys = keys;
      this.insert = connection.prepareStatement("insert into bench_effects (job_id) values (?)");
      this.delete =
          connection.prepareStatement(
              "delete from que_jobs"
                  + " where queue = '' and priority = ? and run_at = ? and job_id = ?");
      this.ledger = ledger;
    }

    @Override
    public boolean work() throws Exception {
      Key key = keys.poll();
      if (key == null) {
        return false;
      }
      insert.setLong(1, key.id());
      insert.executeUpdate();
      ledger.work(key.number());
      delete.setInt(1, key.priority());
      delete.setObject(2, key.runAt());
      delete.setLong(3, key.id());
      delete.executeUpdate();
      connection.commit();
      return true;
    }
  }
}
