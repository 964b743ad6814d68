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
  private static final String DUPLICATE_SCHEMA = "42P06";

  private final String url;
  private final @Nullable EmbeddedPostgres embedded;
  private final HikariDataSource dataSource;

  private ShopDatabase(String url, @Nullable EmbeddedPostgres embedded) throws SQLException {
    this.url = url;
    this.embedded = embedded;
    createSchema();
    try {
      dataSource = migrated(url);
    } catch (RuntimeException e) {
      try {
        dropSchema();
      } catch (SQLException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
  }

  private static HikariDataSource migrated(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setSchema(SCHEMA);
    config.setMaximumPoolSize(10);
    HikariDataSource dataSource = new HikariDataSource(config);
    try {
      Flyway.configure()
          .dataSource(dataSource)
          .locations("classpath:qg/migration")
          .defaultSchema(SCHEMA)
          .load()
          .migrate();
    } catch (RuntimeException e) {
      dataSource.close();
      throw e;
    }
    return dataSource;
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
    dropSchema();
    if (embedded != null) {
      embedded.close();
    }
  }

  /** Leaves a schema of that name alone: it may be somebody's. */
  private void createSchema() throws SQLException {
    try {
      execute("create schema " + SCHEMA);
    } catch (SQLException e) {
      if (!DUPLICATE_SCHEMA.equals(e.getSQLState())) {
        throw e;
      }
      throw new IllegalStateException(
          "There is a schema qg_demo already, perhaps of a demo that was stopped:"
              + " \"DROP SCHEMA qg_demo CASCADE\" removes it",
          e);
    }
  }

  private void dropSchema() throws SQLException {
    execute("drop schema " + SCHEMA + " cascade");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
