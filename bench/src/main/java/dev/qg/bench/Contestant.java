package dev.qg.bench;

/** A queue that takes part. Prepared, filled and drained any number of times, then closed. */
public interface Contestant extends AutoCloseable {

  /** Makes the tables if they are missing, and empties them. */
  void prepare() throws Exception;

  /** Enqueues jobs with the numbers from 0, all due now. Not measured: any fast way will do. */
  void enqueue(int jobs) throws Exception;

  /**
   * Works jobs, telling the ledger of each, until the ledger has what it wants; then stops its
   * workers and waits for them. It starts the ledger's clock by {@link Ledger#begin()} when
   * everything is connected and only the workers are missing.
   */
  void drain(Ledger ledger) throws Exception;

  /** Connects an application that enqueues as this queue's documentation says. */
  default Client client() throws Exception {
    throw new UnsupportedOperationException();
  }

  /** How many jobs are waiting or being worked, by what the table says. */
  long left() throws Exception;

  @Override
  void close();
}
