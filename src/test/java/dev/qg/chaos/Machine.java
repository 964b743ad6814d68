package dev.qg.chaos;

import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Jvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jooq.DSLContext;

/** All that takes part in a run: the servers, and processes that produce and that work. */
final class Machine implements AutoCloseable {

  /** So long after a fault is healed, what it has kept waiting must be done. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** What the names of the files begin with that hold what producers were told. */
  private static final String ANSWERS = "answers-";

  /** What is not done by then is worth a look. */
  private static final Duration SLOW = Duration.ofSeconds(15);

  private static final String EACH_QUEUE = String.valueOf(Plan.QUEUES.size());

  private final Path directory;
  private final long seed;
  private final Servers servers;
  private final List<Part> mortals = new ArrayList<>();
  private final List<Part> workers = new ArrayList<>();
  private final List<Part> producers = new ArrayList<>();
  private final Part reviver;
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
    this.reviver = part("reviver", ReviverProcess.class);
    try {
      workers.add(part("steady", WorkerProcess.class, "4", "pool"));
      mortals.add(part("pool", WorkerProcess.class, "8", "virtual"));
      mortals.add(part("workers", WorkerProcess.class, EACH_QUEUE, "workers"));
      mortals.add(part("classic", ClassicProcess.class));
      workers.addAll(mortals);
      for (String number : List.of("1", "2")) {
        producers.add(
            part(
                number,
                ProducerProcess.class,
                String.valueOf(rate / 2),
                answers(number).toString()));
      }
      producers.add(reviver);
      all().forEach(Part::start);
    } catch (Throwable t) {
      close();
      throw t;
    }
  }

  private Part part(String name, Class<?> main, String... arguments) {
    Path log = directory.resolve(name + ".log");
    return new Part(servers, seed, log, name, main, List.of(arguments));
  }

  private Path answers(String producer) {
    return directory.resolve(ANSWERS + producer);
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

  /** Waits until all jobs that are due now are done, and tells how long that took. */
  Duration awaitRecovery() {
    long start = System.nanoTime();
    String[] due = {""};
    boolean[] isTold = {false};
    // Whatever fails meanwhile is what the fault has left, until there is no patience any more.
    await("all jobs are done")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .ignoreExceptions()
        .until(
            () -> {
              if (due[0].isEmpty()) {
                due[0] = servers.ask(Machine::dueJobs);
              }
              if (!isTold[0] && System.nanoTime() - start > SLOW.toNanos()) {
                tellStragglers(due[0]);
                isTold[0] = true;
              }
              return number("select count(*) from que_jobs j where " + due[0]) == 0;
            });
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** A condition for the jobs that are due now, also where their retries are due later. */
  private static String dueJobs(DSLContext ctx) {
    return ctx.fetchSingle(
            "select format('j.job_id <= %s and (j.error_count > 0 or j.run_at <= %L)',"
                + " coalesce(max(job_id), 0), now()) from que_jobs")
        .get(0, String.class);
  }

  private void tellStragglers(String due) throws IOException {
    List<String> told = servers.ask(ctx -> Stragglers.of(due, ctx));
    Files.write(
        directory.resolve("stragglers.txt"),
        told,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /**
   * Waits until each worker has worked something more, whoever it was that has worked what there
   * was before, and tells how long that took, to two seconds.
   */
  Duration awaitAllWork() {
    long start = System.nanoTime();
    // Of two reports that tell of something more, the second is of what was after the start.
    awaitAllHaveWorkedMore();
    awaitAllHaveWorkedMore();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private void awaitAllHaveWorkedMore() {
    Map<Part, Long> before = new HashMap<>();
    workers.forEach(worker -> before.put(worker, worked(worker)));
    for (Part worker : workers) {
      await(worker + " works")
          .atMost(PATIENCE)
          .until(() -> worked(worker) > before.getOrDefault(worker, 0L));
    }
  }

  private static long worked(Part worker) {
    return Progress.last(worker.jvm().lines()).map(Progress.Report::worked).orElse(0L);
  }

  /** Starts again what has ended though nobody wanted that. */
  void raiseFallen() {
    noteFallen().forEach(Part::start);
  }

  private List<Part> noteFallen() {
    List<Part> ended = all().filter(part -> !part.jvm().isAlive()).toList();
    ended.forEach(part -> fallen.add(part + " has ended by itself: " + part.lastLines()));
    return ended;
  }

  /** What has ended by itself, or not in time. */
  List<String> fallen() {
    return fallen;
  }

  /** Ends the producers, and lets the workers do all that is left, revived jobs too. */
  void drain() {
    noteFallen();
    producers.stream().filter(part -> part != reviver).forEach(part -> part.jvm().kill());
    await("nothing is left to do")
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () ->
                number(
                        "select (select count(*) from que_jobs)"
                            + " + (select count(*) from qg_dead_jobs where job_class = 'MortalOrder')")
                    == 0);
    reviver.jvm().kill();
  }

  /** Ends the workers, as an application does, and producers that are still there. */
  void stop() {
    workers.stream()
        .filter(part -> !part.jvm().isAlive())
        .forEach(part -> fallen.add(part + " has ended with nothing to do: " + part.lastLines()));
    producers.forEach(part -> part.jvm().kill());
    workers.forEach(part -> part.jvm().terminate());
    for (Part part : workers) {
      part.jvm().awaitEnd();
      if (part.jvm().lines().contains(WorkerProcess.LATE)) {
        fallen.add(part + " was late at its end");
      }
    }
  }

  /** The files of what the producers were told. */
  List<Path> answers() {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.getFileName().toString().startsWith(ANSWERS)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it uses now; what the processes use, as they said last. */
  Usage usage() {
    List<Progress.Report> reports =
        workers.stream().flatMap(part -> Progress.last(part.jvm().lines()).stream()).toList();
    return servers.ask(
        ctx ->
            new Usage(
                reports.stream().mapToLong(Progress.Report::heap).max().orElse(0),
                reports.stream().mapToLong(Progress.Report::threads).sum(),
                Verdict.sessions(ctx),
                Verdict.locks(ctx),
                number(ctx, "select pg_total_relation_size('que_jobs')")));
  }

  /** How many orders were committed and worked so far. */
  long workedOrders() {
    return number(
        "select (select count(*) from orders)"
            + " - (select count(*) from que_jobs where job_class like '%Order')"
            + " - (select count(*) from qg_dead_jobs)");
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
        .flatMap(part -> part.jvm().lines().stream().map(line -> part + ": " + line))
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
