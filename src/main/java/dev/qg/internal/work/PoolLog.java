package dev.qg.internal.work;

import dev.qg.internal.sql.LogText;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log entries about a pool as a whole. Thread-safe. */
final class PoolLog {

  /** By the engine's name, which is what the events are about. */
  private static final Logger log = LoggerFactory.getLogger(Engine.class);

  /** How many pools of this JVM run under each name. */
  private static final Map<String, Integer> RUNNING = new ConcurrentHashMap<>();

  private final Engine.Settings settings;
  private final String name;

  /** For several shutdowns at a time, of which one tells. */
  private final AtomicBoolean running = new AtomicBoolean();

  /** Written before {@link #running} is set, and read after. */
  private long start;

  PoolLog(Engine.Settings settings) {
    this.settings = settings;
    this.name = LogText.of(settings.name());
  }

  void started() {
    start = System.nanoTime();
    running.set(true);
    if (RUNNING.merge(settings.name(), 1, Integer::sum) > 1) {
      log.atWarn()
          .addKeyValue("event", "pool_name_taken")
          .addKeyValue("pool", name)
          .log(
              "Another pool named \"{}\" runs in this JVM: their threads and log entries can't be"
                  + " told apart. Set WorkerPool.Builder.name",
              name);
    }
    String queues = settings.queues().stream().map(LogText::of).toList().toString();
    log.atInfo()
        .addKeyValue("event", "pool_started")
        .addKeyValue("pool", name)
        .addKeyValue("queues", queues)
        .addKeyValue("threads", settings.count())
        .addKeyValue("connections", settings.connections())
        .log(
            "Pool \"{}\" started: queues {}, {} threads, up to {} connections",
            name,
            queues,
            settings.count(),
            settings.connections());
  }

  /**
   * Tells how it ended, once.
   *
   * @param inTime whether all jobs ended by themselves
   */
  void stopped(boolean inTime, Counters counters) {
    if (!running.getAndSet(false)) {
      return;
    }
    RUNNING.computeIfPresent(settings.name(), (same, count) -> count > 1 ? count - 1 : null);
    Duration uptime = Duration.ofMillis((System.nanoTime() - start) / 1_000_000);
    log.atInfo()
        .addKeyValue("event", "pool_stopped")
        .addKeyValue("pool", name)
        .addKeyValue("uptime", uptime)
        .addKeyValue("in_time", inTime)
        .log(
            "Pool \"{}\" stopped {} after {}: {} jobs worked, {} failed, {} lost",
            name,
            inTime ? "in time" : "at its time limit",
            uptime,
            counters.worked.sum(),
            counters.failed.sum(),
            counters.lost.sum());
  }

  void abandoned(HeldJob job) {
    log.atWarn()
        .addKeyValue("event", "handler_abandoned")
        .addKeyValue("job_id", job.row().key().id())
        .addKeyValue("type", LogText.of(job.row().type()))
        .log(
            "The handler of {} still runs after the time limit of the shutdown and an interrupt:"
                + " its job is taken from it, and its transaction is undone",
            job);
  }
}
