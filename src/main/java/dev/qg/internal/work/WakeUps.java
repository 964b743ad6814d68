package dev.qg.internal.work;

import dev.qg.internal.sql.JobNotice;
import dev.qg.internal.sql.LogText;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the workers of a client of jobs that were committed in this JVM, without the database. Safe
 * for use by many threads.
 */
public final class WakeUps {

  private static final Logger log = LoggerFactory.getLogger(WakeUps.class);

  /** Copied when written, so that somebody can come or go while the others are being told. */
  private final List<Hearer> hearers = new CopyOnWriteArrayList<>();

  /** One registration: without equality, so that the end of one is not that of another. */
  private static final class Hearer {
    private final Consumer<JobNotice> consumer;

    Hearer(Consumer<JobNotice> consumer) {
      this.consumer = consumer;
    }
  }

  /**
   * Lets somebody hear all notices from now on, on the threads that enqueue, which must not be kept
   * waiting.
   *
   * @return ends that; a notice that is being told at the same time may still come
   */
  public Runnable register(Consumer<JobNotice> consumer) {
    Hearer hearer = new Hearer(consumer);
    hearers.add(hearer);
    return () -> hearers.remove(hearer);
  }

  /** Whether there is anybody to tell. */
  public boolean areHeard() {
    return !hearers.isEmpty();
  }

  /** Tells all. What they throw is logged and goes no further: the job is committed. */
  public void publish(JobNotice notice) {
    for (Hearer hearer : hearers) {
      try {
        hearer.consumer.accept(notice);
      } catch (Throwable e) {
        log.atError()
            .addKeyValue("event", "wake_up_failed")
            .addKeyValue("queue", LogText.of(String.valueOf(notice.queue())))
            .setCause(e)
            .log("Workers could not be told of a new job: they find it when they look");
      }
    }
  }
}
