package dev.qg.internal.work;

import dev.qg.internal.sql.JobRow;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
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
   * Runs a job to its end and gives its lock back. If the thread is interrupted meanwhile, and the
   * handler doesn't clear that or throws it, it still is afterwards.
   *
   * @param givenUp whether the job's time has run out, so that a failure is no fault of the job's
   * @return false if the job was lost
   * @throws RuntimeException if the database did not take the job's end; the job will run again
   */
  boolean run(HeldJob job, BooleanSupplier givenUp) {
    long start = System.nanoTime();
    Handler handler = handlers.apply(job.row().type());
    Throwable failure = handler == null ? null : work(handler, job);
    // Kept from the statements that end the job: on a virtual thread it would close the connection.
    boolean interrupted = Thread.interrupted() || failure instanceof InterruptedException;
    try (job) {
      if (handler == null) {
        return fail(job, null, "unknown job type: \"" + job.row().type() + "\"", start);
      }
      return end(job, failure, givenUp, start);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static @Nullable Throwable work(Handler handler, HeldJob job) {
    try {
      handler.work(job);
      return null;
    } catch (Throwable t) {
      return t;
    }
  }

  private static boolean end(
      HeldJob job, @Nullable Throwable thrown, BooleanSupplier givenUp, long start) {
    Throwable failure = thrown;
    if (failure == null) {
      try {
        return complete(job, start);
      } catch (Throwable t) {
        failure = t;
      }
    }
    if (givenUp.getAsBoolean()) {
      log(
          () -> event(Level.WARN, "job_given_back", job, start),
          failure,
          job + " was stopped at the time limit of the shutdown and is given back");
      return true;
    }
    return fail(job, failure, ErrorText.of(failure), start);
  }

  private static boolean complete(HeldJob job, long start) {
    HeldJob.End end = job.complete();
    switch (end) {
      case WORKED -> event(Level.DEBUG, "job_worked", job, start).log("{} was worked", job);
      case FAILED -> failed(job, start).log("{} failed", job);
      case LOST -> lost(job, start);
    }
    return end != HeldJob.End.LOST;
  }

  private static boolean fail(HeldJob job, @Nullable Throwable cause, String message, long start) {
    log(() -> failed(job, start), cause, job + " failed" + (cause == null ? ": " + message : ""));
    boolean recorded;
    try {
      recorded = job.fail(cause, message);
    } catch (RuntimeException e) {
      event(Level.ERROR, "failure_not_recorded", job, start)
          .setCause(e)
          .log("The failure of {} could not be recorded: it will run again", job);
      throw e;
    }
    if (!recorded) {
      lost(job, start);
    }
    return recorded;
  }

  /** Logs with an error that the logger may be unable to read, or whose causes go too deep. */
  private static void log(
      Supplier<LoggingEventBuilder> event, @Nullable Throwable cause, String message) {
    try {
      event.get().setCause(cause).log(message);
    } catch (Throwable t) {
      event.get().log(cause == null ? message : message + ": " + ErrorText.of(cause));
    }
  }

  private static LoggingEventBuilder failed(HeldJob job, long start) {
    return event(Level.WARN, "job_failed", job, start);
  }

  private static void lost(HeldJob job, long start) {
    event(Level.WARN, "job_lost", job, start)
        .log(
            "The row of {} was gone before its end: another worker has had it, or its handler"
                + " deleted it and then failed; its transaction is undone",
            job);
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
