package dev.qg.internal.sql;

import org.jooq.JSON;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code que_jobs} as it was read.
 *
 * @param place where in the table it was then, as PostgreSQL's {@code ctid} has it. No more than a
 *     hint where to look first: an update or {@code VACUUM FULL} moves a row, and what is in the
 *     place of one that is gone may be another job
 * @param unreadable why the rest of it could not be read, and has JSON's null in the place of args;
 *     or null
 */
public record JobRow(
    JobKey key,
    String type,
    JSON args,
    int errorCount,
    @Nullable String lastError,
    String place,
    @Nullable Throwable unreadable) {

  /** One that could be read. */
  public JobRow(
      JobKey key,
      String type,
      JSON args,
      int errorCount,
      @Nullable String lastError,
      String place) {
    this(key, type, args, errorCount, lastError, place, null);
  }

  /** Without its args and its last error. */
  @Override
  public String toString() {
    return "job " + key.id() + " (" + LogText.of(type) + ")";
  }

  /** The length of its args: what it takes of the memory, more or less. */
  public int size() {
    return args.data().length();
  }
}
