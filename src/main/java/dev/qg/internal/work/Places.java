package dev.qg.internal.work;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where those who take one job at a time read each queue on: behind the job that one of them took
 * last, where neither rows of jobs that are done lie in the way nor those that the others have
 * locked. Now and then one of them looks from the start, and before there is said to be nothing.
 * Safe for use by many threads.
 */
public final class Places {

  /** After so long, a more urgent job that has appeared meanwhile is found at the latest. */
  static final Duration STRICT_WITHIN = Duration.ofMillis(100);

  /**
   * @param swept when the queue was last looked at from the start
   */
  private record Place(JobKey last, long swept) {}

  private final LongSupplier nanoTime;
  private final Map<String, Place> places = new ConcurrentHashMap<>();
  private final LateFailures lateFailures = new LateFailures();

  public Places() {
    this(System::nanoTime);
  }

  Places(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** What is still to be recorded of jobs that they have worked. */
  LateFailures lateFailures() {
    return lateFailures;
  }

  /**
   * Takes the next job of a queue.
   *
   * @param look takes the first job behind a key, or behind none, if there is one
   */
  Optional<JobRow> take(String queue, Function<@Nullable JobKey, Optional<JobRow>> look) {
    long now = nanoTime.getAsLong();
    Place place = places.get(queue);
    if (place != null && !isToSweep(queue, place, now)) {
      Optional<JobRow> next = look.apply(place.last);
      if (next.isPresent()) {
        // Unless somebody else has gone on meanwhile: a sweep would have been in vain.
        places.replace(queue, place, new Place(next.get().key(), place.swept));
        return next;
      }
    }
    Optional<JobRow> first = look.apply(null);
    if (first.isPresent()) {
      places.merge(queue, new Place(first.get().key(), now), Places::withLaterSweep);
    } else {
      places.remove(queue);
    }
    return first;
  }

  /** A sweep that took long must not make the next one due that has begun after it. */
  private static Place withLaterSweep(Place old, Place found) {
    return found.swept - old.swept < 0 ? new Place(found.last, old.swept) : found;
  }

  /** Whether it is time, and nobody else does it. */
  private boolean isToSweep(String queue, Place place, long now) {
    return now - place.swept >= STRICT_WITHIN.toNanos()
        && places.replace(queue, place, new Place(place.last, now));
  }
}
