package dev.qg.chaos;

import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Jvm;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.jooq.DSLContext;
import org.postgresql.PGConnection;

/** All that takes part in a run: the servers, and processes that produce and that work. */
final class Machine implements AutoCloseable {

  /** So long after a fault is healed, what it has kept waiting must be done. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** So long after the last process has ended, the server must have noticed. */
  private static final Duration LINGERING = Duration.ofSeconds(30);

  private final Path directory;
  private final Servers servers;
  private final List<Part> workers = new ArrayList<>();
  private final List<Part> producers = new ArrayList<>();

  /**
   * Starts everything.
   *
   * @param directory for logs, and what the producers have heard
   * @param rate how many orders a second
   */
  Machine(Path directory, double rate) {
    this.directory = directory;
    this.servers = new Servers();
    try {
      worker("pool-1", "8", "pool");
      worker("pool-2", "4", "pool");
      worker("workers", "2", "workers");
      producer("1", rate / 2);
      producer("2", rate / 2);
    } catch (Throwable t) {
      close();
      throw t;
    }
  }

  private void worker(String name, String... arguments) {
    workers.add(
        new Part(
            servers,
            log(name),
            name,
            WorkerProcess.class,
            WorkerProcess.READY,
            List.of(arguments)));
  }

  private void producer(String number, double rate) {
    String answers = directory.resolve("answers-" + number).toString();
    producers.add(
        new Part(
            servers,
            log("producer-" + number),
            number,
            ProducerProcess.class,
            ProducerProcess.READY,
            List.of(String.valueOf(rate), answers)));
  }

  private Path log(String name) {
    return directory.resolve(name + ".log");
  }

  Servers servers() {
    return servers;
  }

  List<Part> workers() {
    return workers;
  }

  Part worker(Random random) {
    return workers.get(random.nextInt(workers.size()));
  }

  Part producer(Random random) {
    return producers.get(random.nextInt(producers.size()));
  }

  /** A worker or a producer. */
  Part part(Random random) {
    return random.nextInt(3) == 0 ? producer(random) : worker(random);
  }

  /** Waits until all jobs that are there now are done, and tells how long that took. */
  Duration awaitRecovery() {
    long start = System.nanoTime();
    long last = servers.ask(ctx -> number(ctx, "select coalesce(max(job_id), 0) from que_jobs"));
    await("all jobs up to " + last)
        .atMost(PATIENCE)
        .until(
            () ->
                servers.ask(
                        ctx -> number(ctx, "select count(*) from que_jobs where job_id <= " + last))
                    == 0);
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** What it uses now; what the processes use, as they said last. */
  Usage usage() {
    List<String[]> uses =
        workers.stream().flatMap(part -> lastUse(part.jvm()).stream()).map(Machine::split).toList();
    return servers.ask(
        ctx ->
            new Usage(
                uses.stream().mapToLong(use -> Long.parseLong(use[1])).max().orElse(0),
                uses.stream().mapToLong(use -> Long.parseLong(use[2])).sum(),
                Verdict.sessions(ctx),
                Verdict.locks(ctx),
                number(ctx, "select pg_total_relation_size('que_jobs')")));
  }

  private static String[] split(String use) {
    return use.split(" ", -1);
  }

  private static Optional<String> lastUse(Jvm jvm) {
    return jvm.lines().stream()
        .filter(line -> line.startsWith(WorkerProcess.USES))
        .reduce((first, second) -> second);
  }

  /** All processes that have ended, though nobody wanted them to. */
  List<String> fallen() {
    return Stream.concat(workers.stream(), producers.stream())
        .filter(part -> !part.jvm().isAlive())
        .map(part -> part.name() + " has ended: " + part.jvm().lines())
        .toList();
  }

  /** Ends the producers, lets the workers do all that is left, ends them, and looks. */
  Verdict verdict() {
    producers.forEach(part -> part.jvm().kill());
    awaitRecovery();
    workers.forEach(part -> part.jvm().terminate());
    workers.forEach(part -> part.jvm().awaitEnd());
    producers.forEach(part -> load(directory.resolve("answers-" + part.name())));
    try {
      await()
          .atMost(LINGERING)
          .until(() -> servers.ask(ctx -> Verdict.sessions(ctx) + Verdict.locks(ctx)) == 0);
    } catch (ConditionTimeoutException e) {
      // The verdict says so.
    }
    return servers.ask(Verdict::of);
  }

  private void load(Path answers) {
    String rows = rows(answers);
    servers.ask(
        ctx ->
            ctx.connectionResult(
                connection -> {
                  try {
                    return connection
                        .unwrap(PGConnection.class)
                        .getCopyAPI()
                        .copyIn(
                            "copy answers from stdin with (delimiter ' ')", new StringReader(rows));
                  } catch (IOException e) {
                    throw new SQLException(e);
                  }
                }));
  }

  /** Without what a kill may have cut off. */
  private static String rows(Path answers) {
    try {
      String text = Files.readString(answers, StandardCharsets.US_ASCII);
      return text.substring(0, text.lastIndexOf('\n') + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long number(DSLContext ctx, String query) {
    return ctx.fetchSingle(query).get(0, Long.class);
  }

  /** Where all threads are, for who looks for what hangs. */
  List<String> dump() {
    List<Jvm> jvms = workers.stream().map(Part::jvm).filter(Jvm::isAlive).toList();
    jvms.forEach(Jvm::dump);
    await().until(() -> jvms.stream().allMatch(Machine::hasDumped));
    return jvms.stream().flatMap(jvm -> jvm.lines().stream()).toList();
  }

  private static boolean hasDumped(Jvm jvm) {
    return jvm.lines().stream().anyMatch(line -> line.contains("Heap"));
  }

  @Override
  public void close() {
    workers.forEach(Part::close);
    producers.forEach(Part::close);
    servers.close();
  }
}
