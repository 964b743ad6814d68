package dev.qg.chaos;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

/** What the processes of a run have in common. */
final class Applications {

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
}
