package dev.qg.bench.contestant;

import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;

/**
 * The way of Ruby's Que 0.x, que-go and qg for Go: a session for each worker, and four statements
 * for each job, which are a lock query that takes a row a step, a check, a deletion and an unlock.
 */
public final class Classic extends JobTable {

  private static final String LOCK =
      """
      with recursive job as (
        select (j).*, pg_try_advisory_lock((j).job_id) as locked
        from (
          select j
          from que_jobs as j
          where queue = ? and run_at <= now()
          order by priority, run_at, job_id
          limit 1
        ) as t1
        union all (
          select (j).*, pg_try_advisory_lock((j).job_id) as locked
          from (
            select (
              select j
              from que_jobs as j
              where queue = ? and run_at <= now()
                and (priority, run_at, job_id) > (job.priority, job.run_at, job.job_id)
              order by priority, run_at, job_id
              limit 1
            ) as j
            from job
            where not job.locked
            limit 1
          ) as t1
        )
      )
      select queue, priority, run_at, job_id, job_class, args, error_count
      from job
      where locked
      limit 1
      """;

  private static final String KEY =
      " where queue = ? and priority = ? and run_at = ? and job_id = ?";
  private static final String CHECK = "select true as exists from que_jobs" + KEY;
  private static final String DELETE = "delete from que_jobs" + KEY;
  private static final String UNLOCK = "select pg_advisory_unlock(?)";

  private final int workers;

  public Classic(Database database, int workers) {
    super(database);
    this.workers = workers;
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    Threads.drain(workers, this, ledger, () -> new One(database.connect(), ledger));
  }

  private record Job(
      String queue, short priority, OffsetDateTime runAt, long id, String type, String args) {}

  private static final class One extends Session implements Threads.One {

    private final PreparedStatement lock;
    private final PreparedStatement check;
    private final PreparedStatement delete;
    private final PreparedStatement unlock;
    private final Ledger ledger;

    One(Connection connection, Ledger ledger) throws SQLException {
      super(connection);
      this.lock = connection.prepareStatement(LOCK);
      this.check = connection.prepareStatement(CHECK);
      this.delete = connection.prepareStatement(DELETE);
      this.unlock = connection.prepareStatement(UNLOCK);
      this.ledger = ledger;
    }

    @Override
    public boolean work() throws Exception {
      Job job = lock();
      if (job == null) {
        return false;
      }
      try {
        if (exists(job)) {
          ledger.work(number(job.args()));
          key(delete, job).executeUpdate();
        }
      } finally {
        unlock.setLong(1, job.id());
        unlock.execute();
      }
      return true;
    }

    private Job lock() throws SQLException {
      lock.setString(1, "");
      lock.setString(2, "");
      try (ResultSet row = lock.executeQuery()) {
        return row.next()
            ? new Job(
                row.getString(1),
                row.getShort(2),
                row.getObject(3, OffsetDateTime.class),
                row.getLong(4),
                row.getString(5),
                row.getString(6))
            : null;
      }
    }

    private boolean exists(Job job) throws SQLException {
      try (ResultSet row = key(check, job).executeQuery()) {
        return row.next();
      }
    }

    private static PreparedStatement key(PreparedStatement statement, Job job) throws SQLException {
      statement.setString(1, job.queue());
      statement.setShort(2, job.priority());
      statement.setObject(3, job.runAt());
      statement.setLong(4, job.id());
      return statement;
    }
  }
}
