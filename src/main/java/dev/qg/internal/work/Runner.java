package dev.qg.internal.work;

import dev.qg.internal.sql.LogText;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs the handler of a job and ends the job: completed, retried, or left as it was. Safe for use
 * by many threads.
 */
public final class Runner {

  /** What the user wants done for a type of job. */
  public interface Handler {
    void work(HeldJob job) throws Exception;
  }

  private final Function<String, @Nullable Handler> handlers;

  /**
   * @param handlers the handler for a type of job, or null if there is none
   */
  public Runner(Function<String, @Nullable Handler> handlers) {
    this.handlers = handlers;
  }

  /**
   * Runs a job to its end and gives its lock back, or leaves both to who ends jobs later. If the
   * thread is interrupted meanwhile, and the handler doesn't clear that or throws it, it still is
   * afterwards.
   *
   * @param returned called when the handler has returned, before anything is written
   * @param takenAway why a failure is no fault of the job's, if that is so by now; else null
   * @param report hears how the job ended, now or later
   * @return false if the job is known to be lost
   * @throws RuntimeException if the database did not take the job's end; the job will run again
   */
  boolean run(
      HeldJob job,
      Runnable returned,
      Supplier<@Nullable String> takenAway,
      Consumer<HeldJob.End> report) {
    Run run = new Run(job, report);
    Throwable unreadable = job.row().unreadable();
    Handler handler = unreadable == null ? handlers.apply(job.row().type()) : null;
    Throwable failure = handler == null ? null : work(handler, job);
    returned.run();
    // Kept from the statements that end the job: on a virtual thread it would close the connection.
    boolean interrupted = Thread.interrupted() || failure instanceof InterruptedException;
    try (job) {
      if (unreadable != null) {
        run.fail(unreadable, ErrorText.of(unreadable));
      } else if (handler == null) {
        run.fail(null, "unknown job type: \"" + LogText.of(job.row().type()) + "\"");
      } else {
        run.end(failure, takenAway);
      }
      return run.ended != HeldJob.End.LOST;
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
}
