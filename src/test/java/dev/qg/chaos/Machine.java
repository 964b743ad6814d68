package dev.qg.chaos;

import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Jvm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.jooq.DSLContext;

/** All that takes part in a run: the servers, and processes that produce and that work. */
final class Machine implements AutoCloseable {

  /** So long after a fault is healed, what it has kept waiting must be done. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Path directory;
  private final long seed;
  private final Servers servers;
  private final List<Part> mortals = new ArrayList<>();
  private final List<Part> workers = new ArrayList<>();
  private final List<Part> producers = new ArrayList<>();
  private final List<String> fallen = new ArrayList<>();

  /**
   * Starts everything.
   *
   * @param directory for logs, and what the producers have heard
   * @param rate how many orders a second
   */
  Machine(Path directory, long seed, double rate) {
    this.directory = directory;
    this.seed = seed;
    this.servers = new Servers();
    try {
      workers.add(part("steady", WorkerProcess.class, WorkerProcess.READY, "4", "pool"));
      mortals.add(part("pool", WorkerProcess.class, WorkerProcess.READY, "8", "pool"));
      mortals.add(part("workers", WorkerProcess.class, WorkerProcess.READY, "2", "workers"));
      mortals.add(part("classic", ClassicProcess.class, WorkerProcess.READY));
      workers.addAll(mortals);
      for (String number : List.of("1", "2")) {
        producers.add(
            part(
                number,
                ProducerProcess.class,
                ProducerProcess.READY,
                String.valueOf(rate / 2),
                answers(number).toString()));
      }
      all().forEach(Part::start);
    } catch (Throwable t) {
      close();
      throw t;
    }
  }

  private Part part(String name, Class<?> main, String ready, String... arguments) {
    Path log = directory.resolve(name + ".log");
    return new Part(servers, seed, log, name, main, ready, List.of(arguments));
  }

  private Path answers(String producer) {
    return directory.resolve("answers-" + producer);
  }

  private Stream<Part> all() {
    return Stream.concat(workers.stream(), producers.stream());
  }

  Servers servers() {
    return servers;
  }

  /** Those whose processes may be struck. */
  List<Part> mortals() {
    return mortals;
  }

  Part mortal(Random random) {
    return mortals.get(random.nextInt(mortals.size()));
  }

  List<Part> workers() {
    return workers;
  }

  Part producer(Random random) {
    return producers.get(random.nextInt(producers.size()));
  }

  /** A worker or a producer. */
  Part part(Random random) {
    return random.nextInt(3) == 0 ? producer(random) : workers.get(random.nextInt(workers.size()));
  }

  /** Waits until all jobs that are there now are done, and tells how long that took. */
  Duration awaitRecovery() {
    long start = System.nanoTime();
    long[] last = {-1};
    // Whatever fails meanwhile is what the fault has left, until there is no patience any more.
    await("all jobs are done")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(
            () -> {
              if (last[0] < 0) {
                last[0] = number("select coalesce(max(job_id), 0) from que_jobs");
              }
              return number("select count(*) from que_jobs where job_id <= " + last[0]) == 0;
            });
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Starts again what has ended though nobody wanted that. */
  void raiseFallen() {
    all()
        .filter(part -> !part.jvm().isAlive())
        .forEach(
            part -> {
              fallen.add(part.name() + " has ended by itself: " + part.lastLines());
              part.start();
            });
  }

  /** What has ended by itself, or not in time. */
  List<String> fallen() {
    return fallen;
  }

  /** Ends the producers, and lets the workers do all that is left. */
  void drain() {
    producers.forEach(part -> part.jvm().kill());
    awaitRecovery();
  }

  /** Ends the workers, as an application does. */
  void stop() {
    workers.forEach(part -> part.jvm().terminate());
    for (Part part : workers) {
      part.jvm().awaitEnd();
      if (part.jvm().lines().contains(WorkerProcess.LATE)) {
        fallen.add(part.name() + " was late at its end");
      }
    }
  }

  /** The files of what the producers were told. */
  List<Path> answers() {
    return producers.stream().map(part -> answers(part.name())).toList();
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
                number(ctx, "select pg_total_relation_size('que_jobs')"),
                number(ctx, "select count(*) from orders")));
  }

  private static String[] split(String use) {
    return use.split(" ", -1);
  }

  private static Optional<String> lastUse(Jvm jvm) {
    return jvm.lines().stream()
        .filter(line -> line.startsWith(WorkerProcess.USES))
        .reduce((first, second) -> second);
  }

  private long number(String query) {
    return servers.ask(ctx -> number(ctx, query));
  }

  private static long number(DSLContext ctx, String query) {
    return ctx.fetchSingle(query).get(0, Long.class);
  }

  /** Has the workers print where their threads are, for who looks for what hangs. */
  void dump() {
    workers.stream().map(Part::jvm).filter(Jvm::isAlive).forEach(Jvm::dump);
  }

  /** All that was printed. */
  List<String> lines() {
    return all()
        .flatMap(part -> part.jvm().lines().stream().map(line -> part.name() + ": " + line))
        .toList();
  }

  /** Ends everything, whatever state it is in. */
  @Override
  public void close() {
    List<AutoCloseable> everything = new ArrayList<>(all().toList());
    everything.add(servers);
    for (AutoCloseable one : everything) {
      try {
        one.close();
      } catch (Exception e) {
        // The others are to end all the same.
        System.out.println("Can't end " + one + ": " + e);
      }
    }
  }
}
