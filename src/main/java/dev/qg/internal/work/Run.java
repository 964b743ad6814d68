package dev.qg.internal.work;

import dev.qg.internal.sql.DriverErrors;
import dev.qg.internal.sql.JobRow;
import dev.qg.internal.sql.LogText;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * One run of a job: how it ends after its handler, and what is logged of it. For the thread that
 * works the job, and afterwards for the one that the end was left to.
 */
final class Run {

  /** By the runner's name, as what is logged here is about running jobs. */
  private static final Logger log = LoggerFactory.getLogger(Runner.class);

  private final HeldJob job;
  private final Consumer<HeldJob.End> report;
  private final long start = System.nanoTime();

  /** Null as long as it is not known. */
  HeldJob.@Nullable End ended;

  Run(HeldJob job, Consumer<HeldJob.End> report) {
    this.job = job;
    this.report = report;
  }

  /**
   * @param thrown by the handler, or null
   * @param takenAway why a failure is no fault of the job's, or null
   */
  void end(@Nullable Throwable thrown, Supplier<@Nullable String> takenAway) {
    Throwable failure = thrown;
    if (failure == null) {
      try {
        job.complete(this::hear);
        return;
      } catch (Throwable t) {
        failure = t;
      }
    }
    job.doubtAfter(failure);
    String reason = takenAway.get();
    if (reason == null) {
      fail(failure, ErrorText.of(failure));
    } else {
      tell(HeldJob.End.GIVEN_BACK, false);
      log(
          () -> event(Level.WARN, "job_given_back"),
          failure,
          job + " was stopped and is given back: " + reason);
    }
  }

  void fail(@Nullable Throwable cause, String message) {
    try {
      HeldJob.Fault fault = job.faultOf(cause, message);
      logFailure(fault);
      job.fail(fault, this::hearOfFailure);
    } catch (RuntimeException e) {
      event(Level.ERROR, "failure_not_recorded")
          .setCause(e)
          .log(
              "The failure of {} could not be recorded: unless that can be done later, it will run again",
              job);
      throw e;
    }
  }

  /** Tells of an end that the database has refused. */
  static void refused(HeldJob job, Throwable cause, Level level) {
    eventOf(job, level, "end_not_recorded")
        .setCause(cause)
        .log("The end of {} could not be recorded: it stays locked, and that is tried again", job);
  }

  /** Tells that an end could not be told, if that can be. */
  static void untold(HeldJob job, Throwable cause) {
    try {
      eventOf(job, Level.ERROR, "end_not_told")
          .setCause(cause)
          .log("{} has ended, which could not be logged, or not even counted", job);
    } catch (Throwable t) {
      // There is nothing left to say it with.
    }
  }

  private void hear(HeldJob.End end) {
    tell(end, end == HeldJob.End.FAILED);
  }

  private void hearOfFailure(HeldJob.End end) {
    tell(end, false);
  }

  /** The job has ended so: where that can't be counted or logged, it is no failure of the job. */
  private void tell(HeldJob.End end, boolean isNewFailure) {
    ended = end;
    try {
      report.accept(end);
      log(end, isNewFailure);
    } catch (Throwable t) {
      untold(job, t);
    }
  }

  private void log(HeldJob.End end, boolean isNewFailure) {
    if (end == HeldJob.End.WORKED && log.isDebugEnabled()) {
      event(Level.DEBUG, "job_worked").log("{} was worked", job);
    } else if (isNewFailure) {
      logFailure(Objects.requireNonNull(job.fault()));
    } else if (end == HeldJob.End.LOST) {
      event(Level.WARN, "job_lost")
          .log(
              "The row of {} was gone or had changed at its end, and its transaction is rolled back:"
                  + " a statement changed the row without the job's lock, the lock was lost and"
                  + " another worker took the job, or its handler deleted it and then failed; or"
                  + " its commit was done, but the connection broke before the answer",
              job);
    }
  }

  private void logFailure(HeldJob.Fault fault) {
    // The count may stand at the end of its range, where other clients left it.
    int attempt = Math.min(job.row().errorCount(), Integer.MAX_VALUE - 1) + 1;
    Duration delay = fault.delay();
    String reason = ErrorText.line(fault.cause(), fault.message());
    if (delay == null) {
      log(
          () -> event(Level.ERROR, "job_dead").addKeyValue("attempt", attempt),
          fault.cause(),
          job + " failed in attempt " + attempt + " and is given up: " + reason);
    } else {
      Instant retryAt = Instant.now().plus(delay).truncatedTo(ChronoUnit.MILLIS);
      log(
          () ->
              event(Level.WARN, "job_failed")
                  .addKeyValue("attempt", attempt)
                  .addKeyValue("retry_at", retryAt),
          fault.cause(),
          job + " failed in attempt " + attempt + ", retry at " + retryAt + ": " + reason);
    }
  }

  /** Logs with an error that the logger may be unable to read, or whose causes go too deep. */
  private static void log(
      Supplier<LoggingEventBuilder> event, @Nullable Throwable cause, String message) {
    try {
      event.get().setCause(cause == null ? null : DriverErrors.withoutData(cause)).log(message);
    } catch (Throwable t) {
      event.get().log(cause == null ? message : message + ": " + ErrorText.of(cause));
    }
  }

  private LoggingEventBuilder event(Level level, String event) {
    return eventOf(job, level, event)
        .addKeyValue("duration", Duration.ofNanos(System.nanoTime() - start));
  }

  private static LoggingEventBuilder eventOf(HeldJob job, Level level, String event) {
    JobRow row = job.row();
    return log.atLevel(level)
        .addKeyValue("event", event)
        .addKeyValue("job_id", row.key().id())
        .addKeyValue("type", LogText.of(row.type()))
        .addKeyValue("queue", LogText.of(row.key().queue()));
  }
}
