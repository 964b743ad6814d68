package dev.qg.bench.scenario;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.bench.Database;
import dev.qg.bench.Library;
import dev.qg.bench.Library.Handler;
import dev.qg.bench.Library.Pool;
import dev.qg.bench.Library.PoolOptions;
import dev.qg.bench.Scenario;
import dev.qg.bench.Scenario.Entry;
import dev.qg.bench.Scenario.Ratio;
import dev.qg.bench.Setting;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How the queues of a pool share its threads: two with a backlog throughout, whose handlers take
 * 200 ms and 1 ms, and 198 quiet ones that get 10 jobs a second in all.
 */
final class Fair {

  static final String NAME = "fair";

  private static final int THREADS = 4;
  private static final int SLOW_MILLIS = 200;
  private static final int FAST_MILLIS = 1;
  private static final int QUIET_QUEUES = 198;
  private static final Duration BETWEEN_QUIET_JOBS = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofSeconds(20);

  private static final String SLOW = "slow, % of the thread time";
  private static final String FAST = "fast, % of the thread time";

  private final Setting setting;
  private final Map<String, LongAdder> used = new ConcurrentHashMap<>();
  private final Map<Integer, Long> sent = new ConcurrentHashMap<>();
  private final Queue<Double> waits = new ConcurrentLinkedQueue<>();

  private Fair(Setting setting) {
    this.setting = setting;
  }

  static Scenario of(Setting setting) {
    return new Scenario(
        NAME,
        "4 threads, handlers of 200 ms and 1 ms with a backlog, and 198 quiet queues",
        "% or ms",
        List.of(new Entry("qg", "qg", () -> new Fair(setting).measure())),
        List.of(Ratio.of("0.9 to 1.1", SLOW, FAST)));
  }

  private Map<String, Double> measure() throws Exception {
    Database database = setting.database();
    database.execute("truncate que_jobs restart identity");
    Duration time =
        setting.options().limit().compareTo(LONGEST) < 0 ? setting.options().limit() : LONGEST;
    int jobs = (int) (THREADS * time.toMillis());
    List<String> quiet = IntStream.range(0, QUIET_QUEUES).mapToObj(i -> "quiet-" + i).toList();
    Map<String, Handler> handlers =
        Map.of(
            "Slow",
            job -> use("Slow", SLOW_MILLIS),
            "Fast",
            job -> use("Fast", FAST_MILLIS),
            "Quiet",
            job -> arrived(job.number()));
    List<String> queues = Stream.concat(Stream.of("slow", "fast"), quiet.stream()).toList();
    try (HikariDataSource dataSource = database.pool(THREADS + 3);
        Library library = new Library(dataSource);
        Pool pool = library.pool(PoolOptions.of(THREADS).withQueues(queues), handlers);
        Connection sender = database.connect()) {
      library.enqueueAll(sender, "Slow", "slow", jobs / SLOW_MILLIS);
      library.enqueueAll(sender, "Fast", "fast", jobs / FAST_MILLIS);
      database.settle();
      pool.start();
      long end = System.nanoTime() + time.toNanos();
      for (int i = 0; System.nanoTime() < end; i++) {
        sent.put(i, System.nanoTime());
        library.enqueue(sender, "Quiet", quiet.get(i % QUIET_QUEUES), i);
        Thread.sleep(BETWEEN_QUIET_JOBS.toMillis());
      }
      return figures(pool.givenBack());
    } finally {
      database.execute("truncate que_jobs");
    }
  }

  private void use(String type, int millis) throws InterruptedException {
    long start = System.nanoTime();
    Thread.sleep(millis);
    used.computeIfAbsent(type, first -> new LongAdder()).add(System.nanoTime() - start);
  }

  private void arrived(int number) {
    waits.add((System.nanoTime() - sent.get(number)) / 1e6);
  }

  private Map<String, Double> figures(double givenBack) {
    double slow = used.get("Slow").doubleValue();
    double fast = used.get("Fast").doubleValue();
    List<Double> sorted = new ArrayList<>(waits);
    Collections.sort(sorted);
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put(SLOW, 100 * slow / (slow + fast));
    figures.put(FAST, 100 * fast / (slow + fast));
    figures.put("quiet, p50 in ms", sorted.get(sorted.size() / 2));
    figures.put("quiet, p99 in ms", sorted.get(sorted.size() * 99 / 100));
    figures.put("given back, %", 100 * givenBack);
    return figures;
  }
}
