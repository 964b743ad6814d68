package dev.qg.bench.contestant;

import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import java.sql.SQLException;

/** What contestants on {@code que_jobs} have in common. A job's number is its only argument. */
public abstract class JobTable implements Contestant {

  protected final Database database;

  protected JobTable(Database database) {
    this.database = database;
  }

  @Override
  public void prepare() throws SQLException {
    database.execute("truncate que_jobs restart identity");
  }

  @Override
  public void enqueue(int jobs) throws SQLException {
    database.execute(
        "insert into que_jobs (job_class, args) select 'Bench', json_build_array(number)"
            + " from generate_series(0, %d - 1) number".formatted(jobs));
  }

  /**
   * Those that wait for a retry as well; not those of tomorrow, which only lie in the way. All that
   * are enqueued here have one priority, so that the index finds them.
   */
  @Override
  public long left() throws SQLException {
    return database.number(
        "select count(*) from que_jobs where queue = '' and priority = 100"
            + " and run_at < now() + interval '12 hours'");
  }

  @Override
  public void close() {}

  /** Reads {@code [42]}. */
  protected static int number(String args) {
    return Integer.parseInt(args, 1, args.length() - 1, 10);
  }
}
