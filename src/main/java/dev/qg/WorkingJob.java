package dev.qg;

import dev.qg.internal.sql.LogText;
import java.time.Instant;
import java.util.Optional;

/**
 * A job that is locked now, and the database session that holds the lock: Ruby Que's worker states.
 * What the database role may not see of others' sessions is empty; {@code pg_read_all_stats} shows
 * it.
 *
 * @param id the job's id
 * @param queue its queue
 * @param type its type
 * @param priority its priority
 * @param runAt the time from which it was due
 * @param errorCount how often it has failed before
 * @param pid the process id of the session's backend
 * @param applicationName what the session calls itself
 * @param clientAddress where the session comes from; empty for a Unix-domain socket too
 * @param since when the session's last statement began or ended: for a job that is worked without
 *     statements in between, when it was locked
 */
public record WorkingJob(
    long id,
    String queue,
    String type,
    short priority,
    Instant runAt,
    int errorCount,
    int pid,
    Optional<String> applicationName,
    Optional<String> clientAddress,
    Optional<Instant> since) {

  /** On one line, whatever characters the texts have. */
  @Override
  public String toString() {
    return "WorkingJob[id="
        + id
        + ", queue="
        + LogText.of(queue)
        + ", type="
        + LogText.of(type)
        + ", priority="
        + priority
        + ", runAt="
        + runAt
        + ", errorCount="
        + errorCount
        + ", pid="
        + pid
        + ", applicationName="
        + applicationName.map(LogText::of)
        + ", clientAddress="
        + clientAddress.map(LogText::of)
        + ", since="
        + since
        + "]";
  }
}
