package dev.qg.bench.contestant;

import dev.qg.bench.Client;
import dev.qg.bench.Contestant;
import dev.qg.bench.Database;
import dev.qg.bench.Ledger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * graphile-worker, if there is Node.js and npm can install it: with the settings of its performance
 * page, but a local queue of 2,000, with which it is faster here.
 */
public final class GraphileWorker implements Contestant {

  /** The newest that runs on Node.js before 22. */
  private static final String PACKAGE = "graphile-worker@0.17.3";

  private static final String ADD_JOBS =
      """
      select count(*) from %1$s.add_jobs((
        select array_agg(
          row('bench', json_build_object('number', number), null, null, null, null, null, null)
            ::%1$s.job_spec)
        from generate_series(?::int, ?::int) number))
      """
          .formatted(Database.GRAPHILE_SCHEMA);

  private static final int AT_A_TIME = 10_000;
  private static final Path HOME = Path.of("target", "graphile-worker").toAbsolutePath();
  private static final Path SCRIPT = Path.of("src/main/node/graphile-worker.cjs");

  private final Database database;

  public GraphileWorker(Database database) {
    this.database = database;
  }

  /** Installs it, if that can be done. */
  public static boolean isAvailable() throws IOException, InterruptedException {
    if (Files.exists(HOME.resolve("node_modules/graphile-worker"))) {
      return true;
    }
    Files.createDirectories(HOME);
    try {
      return succeeds("node", "--version")
          && succeeds(
              "npm",
              "install",
              "--prefix",
              HOME.toString(),
              "--no-audit",
              "--no-fund",
              "--ignore-scripts",
              PACKAGE);
    } catch (IOException e) {
      return false; // there is no such command
    }
  }

  private static boolean succeeds(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(2, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }

  @Override
  public void prepare() throws Exception {
    try (ChildProcess migrations = new ChildProcess(command("migrate", 0))) {
      migrations.awaitReady();
    }
    database.execute("truncate " + jobs());
  }

  /** Many at a time: a call for each takes the longer, the more there were in the transaction. */
  @Override
  public void enqueue(int jobs) throws SQLException {
    try (Calls client = new Calls(database.connect())) {
      for (int first = 0; first < jobs; first += AT_A_TIME) {
        client.enqueueAll(first, Math.min(AT_A_TIME, jobs - first));
      }
    }
  }

  @Override
  public Client client() throws SQLException {
    return new Calls(database.connect());
  }

  /** Its SQL functions, which are its way for programs in other languages. */
  private static final class Calls extends Session implements Client {

    private final PreparedStatement one;
    private final PreparedStatement many;

    Calls(Connection connection) throws SQLException {
      super(connection);
      this.one =
          connection.prepareStatement(
              "select 1 from %s.add_job('bench', json_build_object('number', ?::int))"
                  .formatted(schema()));
      this.many = connection.prepareStatement(ADD_JOBS);
    }

    @Override
    public void enqueue(int number) throws SQLException {
      one.setInt(1, number);
      one.execute();
    }

    @Override
    public void enqueueAll(int from, int count) throws SQLException {
      many.setInt(1, from);
      many.setInt(2, from + count - 1);
      many.execute();
    }
  }

  @Override
  public void drain(Ledger ledger) throws Exception {
    try (ChildProcess worker = new ChildProcess(command("work", ledger.jobs()))) {
      worker.awaitReady();
      ledger.begin();
      worker.go(ledger);
      ledger.await(this::left);
      worker.stop(ledger);
    }
  }

  private List<String> command(String verb, int jobs) {
    return List.of(
        "node",
        SCRIPT.toString(),
        HOME.toString(),
        database.url().substring("jdbc:".length()),
        schema(),
        verb,
        String.valueOf(jobs));
  }

  @Override
  public long left() throws SQLException {
    return database.number("select count(*) from " + jobs());
  }

  private static String jobs() {
    return schema() + "._private_jobs";
  }

  private static String schema() {
    return Database.GRAPHILE_SCHEMA;
  }

  @Override
  public void close() {}
}
