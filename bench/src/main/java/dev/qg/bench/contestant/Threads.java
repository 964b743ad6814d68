package dev.qg.bench.contestant;

import dev.qg.bench.Contestant;
import dev.qg.bench.Ledger;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Workers that need a thread each and nothing else. */
final class Threads {

  /** A thread's own: a session, a worker. */
  interface One extends AutoCloseable {

    /** Works one or some jobs; tells whether there were any. */
    boolean work() throws Exception;

    @Override
    void close();
  }

  interface Maker {
    One make() throws Exception;
  }

  private Threads() {}

  /** Makes all workers, starts the clock, and lets them work until the ledger is content. */
  static void drain(int count, Contestant contestant, Ledger ledger, Maker maker) throws Exception {
    List<One> all = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      for (int i = 0; i < count; i++) {
        all.add(maker.make());
      }
      ledger.begin();
      List<Future<?>> futures = new ArrayList<>();
      for (One one : all) {
        futures.add(
            threads.submit(
                () -> {
                  while (!ledger.isDone() && one.work()) {}
                  return null;
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
      ledger.await(contestant::left);
    } finally {
      threads.shutdownNow();
      all.forEach(One::close);
    }
  }
}
