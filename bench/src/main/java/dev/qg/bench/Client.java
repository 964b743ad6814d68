package dev.qg.bench;

/** An application that enqueues, with all that it needs for that open. Confined to a thread. */
public interface Client extends AutoCloseable {

  /** Enqueues a job in a transaction of its own. */
  void enqueue(int number) throws Exception;

  /** Enqueues jobs with the numbers from one on, in a transaction. */
  void enqueueAll(int from, int count) throws Exception;

  @Override
  void close();
}
