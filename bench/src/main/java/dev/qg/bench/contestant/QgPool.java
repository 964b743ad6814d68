package dev.qg.bench.contestant;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Qg;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;

/** The library: a {@link WorkerPool} with its defaults, but for the count. */
public final class QgPool extends JobTable {

  private final int workers;
  private final int connections;
  private final boolean virtual;
  private final WorkFunc first;

  /** Workers with as many connections as they can use. */
  public QgPool(Database database, int workers) {
    this(database, workers, workers + 2, false, job -> {});
  }

  /**
   * @param connections of the pool that the library takes them from
   * @param virtual whether the workers are virtual threads
   * @param first what a handler does before it tells the ledger
   */
  public QgPool(Database database, int workers, int connections, boolean virtual, WorkFunc first) {
    super(database);
    this.workers = workers;
    this.connections = connections;
    this.virtual = virtual;
    this.first = first;
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    WorkMap workMap =
        WorkMap.of(
            "Bench",
            job -> {
              first.work(job);
              ledger.work(number(job.args().data()));
            });
    try (HikariDataSource dataSource = database.pool(connections);
        Qg qg = Qg.create(dataSource);
        WorkerPool pool = pool(qg, workMap)) {
      ledger.begin();
      pool.start();
      ledger.await(this::left);
    }
  }

  private WorkerPool pool(Qg qg, WorkMap workMap) {
    WorkerPool.Builder builder = WorkerPool.builder(qg, workMap).count(workers);
    return (virtual ? builder.virtualThreads() : builder).build();
  }
}
