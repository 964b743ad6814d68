package dev.qg.internal.work;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * One of the threads of an engine, not started yet.
 *
 * @param ended counted down when its work is over
 */
record Part(Thread thread, CountDownLatch ended) {

  /**
   * @param factory makes the thread, or null for a platform thread
   */
  static Part of(
      String name, Runnable work, CountDownLatch ended, @Nullable ThreadFactory factory) {
    Runnable counted =
        () -> {
          try {
            work.run();
          } finally {
            ended.countDown();
          }
        };
    Thread thread = factory == null ? new Thread(counted) : factory.newThread(counted);
    thread.setName(name);
    if (factory == null) {
      // Whoever starts the pool: it keeps the JVM alive until its shutdown.
      thread.setDaemon(false);
    }
    return new Part(thread, ended);
  }
}
