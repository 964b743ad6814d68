package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Runs the handler of a job and ends the job: completed, retried, or left as it was. Safe for use
 * by many threads.
 */
public final class Runner {

  /** What the user wants done for a type of job. */
  public interface Handler {
    void work(HeldJob job) throws Exception;
  }

  private static final Logger log = LoggerFactory.getLogger(Runner.class);

  private final Function<String, @Nullable Handler> handlers;

  /**
   * @param handlers the handler for a type of job, or null if there is none
   */
  public Runner(Function<String, @Nullable Handler> handlers) {
    this.handlers = handlers;
  }

  /**
   * Runs a job to its end and gives its lock back.
   *
   * @param givenUp whether the job's time has run out, so that a failure is no fault of the job's
   * @throws RuntimeException if the database did not take the job's end; the job will run again
   */
  void run(HeldJob job, BooleanSupplier givenUp) {
    long start = System.nanoTime();
    try {
      Handler handler = handlers.apply(job.row().type());
      if (handler == null) {
        fail(job, null, "unknown job type: \"" + job.row().type() + "\"", start);
        return;
      }
      try {
        handler.work(job);
        complete(job, start);
      } catch (Throwable t) {
        if (givenUp.getAsBoolean()) {
          event(Level.WARN, "job_given_back", job, start)
              .setCause(t)
              .log("A job was stopped at the time limit of the shutdown and is given back");
        } else {
          fail(job, t, ErrorText.of(t), start);
        }
      }
    } finally {
      // An interrupt was meant for the handler, and would disturb what comes next on this thread.
      Thread.interrupted();
      job.done();
    }
  }

  private static void complete(HeldJob job, long start) {
    switch (job.complete()) {
      case WORKED -> event(Level.DEBUG, "job_worked", job, start).log("A job was worked");
      case FAILED -> failed(job, start).log("A job failed");
      case LOST -> lost(job, start);
    }
  }

  private static void fail(HeldJob job, @Nullable Throwable cause, String message, long start) {
    failed(job, start).setCause(cause).log(cause == null ? message : "A job failed");
    boolean recorded;
    try {
      recorded = job.fail(cause, message);
    } catch (RuntimeException e) {
      event(Level.ERROR, "failure_not_recorded", job, start)
          .setCause(e)
          .log("The failure of a job could not be recorded: it will run again");
      throw e;
    }
    if (!recorded) {
      lost(job, start);
    }
  }

  private static LoggingEventBuilder failed(HeldJob job, long start) {
    return event(Level.WARN, "job_failed", job, start);
  }

  private static void lost(HeldJob job, long start) {
    event(Level.WARN, "job_lost", job, start)
        .log(
            "A job was gone before it ended: another worker has had it, and its transaction is"
                + " undone");
  }

  private static LoggingEventBuilder event(Level level, String event, HeldJob job, long start) {
    JobRow row = job.row();
    return log.atLevel(level)
        .addKeyValue("event", event)
        .addKeyValue("job_id", row.key().id())
        .addKeyValue("type", row.type())
        .addKeyValue("queue", row.key().queue())
        .addKeyValue("duration", Duration.ofNanos(System.nanoTime() - start));
  }
}
