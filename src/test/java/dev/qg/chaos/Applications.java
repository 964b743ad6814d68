package dev.qg.chaos;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;

/** What the processes of a run have in common. */
final class Applications {

  /** What each of them says when it has begun. */
  static final String READY = "ready";

  private Applications() {}

  /** A pool of connections. */
  static HikariDataSource dataSource(String url, String name, int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url + "&ApplicationName=" + name);
    config.setMaximumPoolSize(size);
    config.setMinimumIdle(0);
    config.setPoolName(name);
    // So that a process can start while the server is away.
    config.setInitializationFailTimeout(-1);
    return new HikariDataSource(config);
  }

  /** Starts a thread that this process ends with if it fails, so that this is seen. */
  static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setUncaughtExceptionHandler(Applications::end);
    thread.start();
  }

  private static void end(Thread thread, Throwable e) {
    try {
      e.printStackTrace();
    } finally {
      Runtime.getRuntime().halt(1);
    }
  }

  /** Ends this process with the one that has started it, however that ends. */
  static void begin() {
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> {
          // One of the library's is to outlive everything; others may die where a heap is full.
          if (thread.getName().startsWith("qg-")) {
            end(thread, e);
          }
        });
    Thread watcher = new Thread(Applications::awaitEndOfParent, "parent");
    watcher.setDaemon(true);
    watcher.start();
  }

  static void ready() {
    System.out.println(READY);
  }

  private static void awaitEndOfParent() {
    try {
      while (System.in.read() >= 0) {
        // Nobody says anything: what is awaited is the end.
      }
    } catch (IOException e) {
      // As good as the end.
    }
    Runtime.getRuntime().halt(1);
  }
}
