package dev.qg.bench.contestant;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import dev.qg.bench.Library;
import dev.qg.bench.Library.OneByOne;

/** The library, one job a call: {@code Worker.workOne()} in a loop, in each of some threads. */
public final class QgWorkers extends JobTable {

  private final int count;

  public QgWorkers(Database database, int count) {
    super(database);
    this.count = count;
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    try (HikariDataSource dataSource = database.pool(count);
        Library library = new Library(dataSource)) {
      Threads.drain(
          count, this, ledger, () -> new One(library.worker(job -> ledger.work(job.number()))));
    }
  }

  private record One(OneByOne worker) implements Threads.One {

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
