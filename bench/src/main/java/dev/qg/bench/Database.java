package dev.qg.bench;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.Driver;

/**
 * The PostgreSQL of all runs: the one at {@code -Dbench.url}, or else an embedded one with durable
 * settings. Everything happens in a schema of the bench's own, which is dropped at the end.
 */
public final class Database implements AutoCloseable {

  private static final String SCHEMA = "qg_bench";

  /** Where graphile-worker makes its tables. */
  public static final String GRAPHILE_SCHEMA = "qg_bench_graphile";

  private static final String OUR_TABLES =
      "select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables"
          + " where schemaname in ('qg_bench', 'qg_bench_graphile')";

  private static final String AUTOVACUUM =
      "select string_agg(format('alter table %%I.%%I %s (autovacuum_enabled%s)', schemaname,"
          + " tablename), '; ') from pg_tables"
          + " where schemaname in ('qg_bench', 'qg_bench_graphile')";

  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  private final String url;
  private final EmbeddedPostgres embedded;

  private Database(String url, EmbeddedPostgres embedded) {
    this.url = url;
    this.embedded = embedded;
  }

  /** Starts a server, or takes the given one, and makes our tables. */
  static Database open() throws IOException, SQLException {
    String given = System.getProperty("bench.url");
    EmbeddedPostgres embedded = given == null ? start() : null;
    String url = given == null ? embedded.getJdbcUrl("postgres", "postgres") : given;
    String schema = "currentSchema=" + SCHEMA;
    String all = url.contains(schema) ? url : url + (url.contains("?") ? "&" : "?") + schema;
    Database database = new Database(all, embedded);
    database.execute("drop schema if exists " + SCHEMA + ", " + GRAPHILE_SCHEMA + " cascade");
    database.execute("create schema " + SCHEMA);
    for (String migration : Library.migrations()) {
      database.execute(resource(migration));
    }
    return database;
  }

  /** Connects to what another process has opened. */
  static Database at(String url) {
    return new Database(url, null);
  }

  private static EmbeddedPostgres start() throws IOException {
    return EmbeddedPostgres.builder()
        .setLocaleConfig("locale", "C")
        .setServerConfig("fsync", "on")
        .setServerConfig("synchronous_commit", "on")
        .setServerConfig("full_page_writes", "on")
        .setServerConfig("shared_buffers", "512MB")
        .setServerConfig("max_wal_size", "4GB")
        .setServerConfig("max_connections", "300")
        .start();
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Database.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Where it is, with user, password and schema. */
  public String url() {
    return url;
  }

  /** What it says of itself and of the settings that a figure depends on. */
  String describe() throws SQLException {
    return text(
        """
        select format('PostgreSQL %s, fsync %s, synchronous_commit %s, full_page_writes %s, \
        shared_buffers %s, max_wal_size %s', current_setting('server_version'), \
        current_setting('fsync'), current_setting('synchronous_commit'), \
        current_setting('full_page_writes'), current_setting('shared_buffers'), \
        current_setting('max_wal_size'))""");
  }

  /** A proxy in front of it, at first for nobody. */
  Wire wire() throws IOException {
    Properties parsed = Driver.parseURL(url, null);
    return new Wire(parsed.getProperty("PGHOST"), Integer.parseInt(parsed.getProperty("PGPORT")));
  }

  /** The same database, behind the proxy. */
  Database by(Wire wire) {
    return at(url.replaceFirst("//[^/]*/", "//localhost:" + wire.port() + "/"));
  }

  /** A connection of one's own. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url);
  }

  /** A connection pool, as applications have one, with all connections open. */
  public HikariDataSource pool(int size) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(size);
    HikariDataSource pool = new HikariDataSource(config);
    while (pool.getHikariPoolMXBean().getTotalConnections() < size) {
      Thread.onSpinWait();
    }
    return pool;
  }

  /** Executes one or several statements. */
  public void execute(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Reads one number. */
  public long number(String sql) throws SQLException {
    return Long.parseLong(text(sql));
  }

  private String text(String sql) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  /** Brings statistics, hint bits and dirty pages in order, so that no run pays for another's. */
  public void settle() throws SQLException {
    execute("vacuum (analyze) " + text(OUR_TABLES));
    try {
      execute("checkpoint");
    } catch (SQLException e) {
      if (!INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
        throw e;
      }
    }
  }

  /** Has the server vacuum the bench's tables by itself, or not. */
  public void autovacuum(boolean on) throws SQLException {
    execute(text(on ? AUTOVACUUM.formatted("reset", "") : AUTOVACUUM.formatted("set", " = off")));
  }

  /** Brings statistics in order and nothing else. */
  public void analyze() throws SQLException {
    execute("analyze " + text(OUR_TABLES));
  }

  @Override
  public void close() throws SQLException, IOException {
    execute("drop schema if exists " + SCHEMA + ", " + GRAPHILE_SCHEMA + " cascade");
    if (embedded != null) {
      embedded.close();
    }
  }
}
