package dev.qg.bench.contestant;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Client;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import dev.qg.bench.Library;
import dev.qg.bench.Library.Handler;
import dev.qg.bench.Library.Pool;
import dev.qg.bench.Library.PoolOptions;
import java.sql.Connection;
import java.sql.SQLException;

/** The library: a pool with its defaults, but for the count. */
public final class QgPool extends JobTable {

  private final int workers;
  private final int connections;
  private final boolean virtual;
  private final Handler first;

  /** Workers with as many connections as they can use. */
  public QgPool(Database database, int workers) {
    this(database, workers, workers + 2, false, job -> {});
  }

  /**
   * @param connections of the pool that the library takes them from
   * @param virtual whether the workers are virtual threads
   * @param first what a handler does before it tells the ledger
   */
  public QgPool(Database database, int workers, int connections, boolean virtual, Handler first) {
    super(database);
    this.workers = workers;
    this.connections = connections;
    this.virtual = virtual;
    this.first = first;
  }

  @Override
  public Client client() {
    HikariDataSource dataSource = database.pool(1);
    Library library = new Library(dataSource);
    return new Client() {
      @Override
      public void enqueue(int number) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
          library.enqueue(connection, number);
        }
      }

      @Override
      public void enqueueAll(int from, int count) throws SQLException {
        try (Connection connection = dataSource.getConnection()) {
          library.enqueueAll(connection, from, count);
        }
      }

      @Override
      public void close() {
        library.close();
        dataSource.close();
      }
    };
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    Handler handler =
        job -> {
          first.work(job);
          ledger.work(job.number());
        };
    try (HikariDataSource dataSource = database.pool(connections);
        Library library = new Library(dataSource);
        Pool pool = library.pool(PoolOptions.of(workers).withVirtual(virtual), handler)) {
      ledger.begin();
      pool.start();
      ledger.await(this::left);
    }
  }
}
