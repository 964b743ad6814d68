package dev.qg.internal.sql;

import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/** A job to be inserted; what is null is left to the default of the database's column. */
public record NewJob(
    String type,
    @Nullable String queue,
    @Nullable Short priority,
    @Nullable OffsetDateTime runAt,
    @Nullable JSON args) {

  /** So far this JVM's clock may be behind the database's. */
  private static final Duration BEHIND = Duration.ofSeconds(10);

  /**
   * Whether it may be due, which the database alone knows: no more than a guess at whether workers
   * want to hear of it now.
   */
  public boolean mayBeDue() {
    return runAt == null || !runAt.toInstant().isAfter(Instant.now().plus(BEHIND));
  }

  /** Without its args. */
  @Override
  public String toString() {
    return "new job (" + LogText.of(type) + ")";
  }
}
