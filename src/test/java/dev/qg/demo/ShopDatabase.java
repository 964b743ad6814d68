package dev.qg.demo;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/**
 * The demo's schema, with the tables of the queue: in the database at {@code -Dqg.url}, which is
 * left as it was, or in an embedded PostgreSQL.
 */
final class ShopDatabase implements AutoCloseable {

  private static final String SCHEMA = "qg_demo";

  private final String url;
  private final @Nullable EmbeddedPostgres embedded;
  private final HikariDataSource dataSource;

  private ShopDatabase(String url, @Nullable EmbeddedPostgres embedded) throws SQLException {
    this.url = url;
    this.embedded = embedded;
    // Fails if there is one already: it may be somebody's.
    execute("create schema " + SCHEMA);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setSchema(SCHEMA);
    config.setMaximumPoolSize(10);
    dataSource = new HikariDataSource(config);
    Flyway.configure()
        .dataSource(dataSource)
        .locations("classpath:qg/migration")
        .defaultSchema(SCHEMA)
        .load()
        .migrate();
  }

  static ShopDatabase open() throws IOException, SQLException {
    String url = System.getProperty("qg.url");
    if (url != null) {
      return new ShopDatabase(url, null);
    }
    EmbeddedPostgres embedded = EmbeddedPostgres.builder().setLocaleConfig("locale", "C").start();
    return new ShopDatabase(embedded.getJdbcUrl("postgres", "postgres"), embedded);
  }

  DataSource dataSource() {
    return dataSource;
  }

  @Override
  public void close() throws IOException, SQLException {
    dataSource.close();
    execute("drop schema " + SCHEMA + " cascade");
    if (embedded != null) {
      embedded.close();
    }
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
