package dev.qg.internal.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.qg.internal.sql.JobKey;
import dev.qg.internal.sql.JobRow;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PlacesTest {

  private static final String QUEUE = "mail";
  private static final OffsetDateTime TIME =
      OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1);
  private final Places places = new Places(clock::get);

  /** The jobs that can be taken, and where it was looked for them. */
  private final TreeSet<JobKey> queue = new TreeSet<>();

  private final List<Optional<Long>> looks = new ArrayList<>();

  @Test
  void readsOnBehindWhatWasTakenLast() {
    enqueue(1, 2, 3);

    assertEquals(List.of(1L, 2L, 3L), List.of(take(), take(), take()));

    assertEquals(List.of(Optional.empty(), Optional.of(1L), Optional.of(2L)), looks);
  }

  @Test
  void looksFromTheStartBeforeItSaysThatThereIsNothing() {
    enqueue(2);
    take();
    enqueue(1);

    assertEquals(1, take());
    assertTrue(places.take(QUEUE, this::look).isEmpty());
  }

  @Test
  void looksFromTheStartNowAndThen() {
    enqueue(2, 3, 4);
    take();
    enqueue(1);

    clock.addAndGet(Places.STRICT_WITHIN.toNanos() - 1);
    assertEquals(3, take());
    clock.addAndGet(1);
    assertEquals(1, take());
  }

  @Test
  void oneSweepsForAll() {
    enqueue(1, 2, 3);
    take();
    clock.addAndGet(Places.STRICT_WITHIN.toNanos());

    places.take(QUEUE, sweep -> during(sweep, this::take));

    assertEquals(List.of(Optional.empty(), Optional.of(1L), Optional.empty()), looks);
  }

  @Test
  void aSlowLookDoesNotUndoASweep() {
    enqueue(10, 11, 12);
    take();

    places.take(
        QUEUE,
        behind ->
            during(
                behind,
                () -> {
                  clock.addAndGet(Places.STRICT_WITHIN.toNanos());
                  enqueue(1, 2);
                  assertEquals(1, take());
                }));

    assertEquals(2, take());
    assertEquals(Optional.of(1L), looks.get(looks.size() - 1));
  }

  @Test
  void aSlowSweepDoesNotMakeTheNextOneDue() {
    enqueue(1, 2, 3, 4);
    take();
    clock.addAndGet(Places.STRICT_WITHIN.toNanos());

    places.take(
        QUEUE,
        sweep ->
            during(
                sweep,
                () -> {
                  clock.addAndGet(Places.STRICT_WITHIN.toNanos());
                  take();
                }));
    take();

    assertEquals(Optional.of(3L), looks.get(looks.size() - 1));
  }

  @Test
  void queuesHavePlacesOfTheirOwn() {
    enqueue(1, 2);
    take();

    places.take("other", this::look);

    assertEquals(List.of(Optional.empty(), Optional.empty()), looks);
  }

  /** A look that comes to its result after something else. */
  private Optional<JobRow> during(@Nullable JobKey behind, Runnable something) {
    something.run();
    return look(behind);
  }

  private long take() {
    Function<@Nullable JobKey, Optional<JobRow>> look = this::look;
    return places.take(QUEUE, look).orElseThrow().key().id();
  }

  private Optional<JobRow> look(@Nullable JobKey behind) {
    looks.add(Optional.ofNullable(behind).map(JobKey::id));
    JobKey next = behind == null ? queue.pollFirst() : queue.higher(behind);
    if (next == null) {
      return Optional.empty();
    }
    queue.remove(next);
    return Optional.of(new JobRow(next, "Mail", JSON.json("[]"), 0, null, "(0,1)"));
  }

  private void enqueue(long... ids) {
    for (long id : ids) {
      queue.add(new JobKey(QUEUE, (short) 100, TIME, id));
    }
  }
}
