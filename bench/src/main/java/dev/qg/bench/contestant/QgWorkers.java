package dev.qg.bench.contestant;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Qg;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;

/** The library, one job a call: {@link Worker#workOne()} in a loop, in each of some threads. */
public final class QgWorkers extends JobTable {

  private final int count;

  public QgWorkers(Database database, int count) {
    super(database);
    this.count = count;
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    WorkMap workMap = WorkMap.of("Bench", job -> ledger.work(number(job.args().data())));
    try (HikariDataSource dataSource = database.pool(count);
        Qg qg = Qg.create(dataSource)) {
      Threads.drain(count, this, ledger, () -> new One(Worker.builder(qg, workMap).build()));
    }
  }

  private record One(Worker worker) implements Threads.One {

    @Override
    public boolean work() {
      return worker.workOne();
    }

    @Override
    public void close() {
      worker.close();
    }
  }
}
