package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A pool takes its locks back when there is room, and hardly troubles others as long as there is
 * none.
 */
class LockLimitTest {

  private static final int MOST = 2_000;

  private final RuntimeException full = new IllegalStateException("full");
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1);

  @ParameterizedTest
  @ValueSource(ints = {MOST, Integer.MAX_VALUE})
  void afterAShortageThereAreSoonAllAgain(int most) {
    LockLimit limit = new LockLimit(most, clock::get);
    limit.shrinkTo(1, full);
    assertThat(limit.get()).isOne();

    assertThat(secondsUntilAll(limit, most)).isLessThan(40);
  }

  @Test
  void afterAShortageOfSecondsThereAreAllWithinAsMany() {
    LockLimit limit = new LockLimit(MOST, clock::get);
    shortage(limit, 8, 13);

    assertThat(secondsUntilAll(limit, MOST)).isLessThan(20);
  }

  @Test
  void afterALongShortageThereAreAllAfterAMinute() {
    LockLimit limit = new LockLimit(MOST, clock::get);
    shortage(limit, 600, 13);

    assertThat(secondsUntilAll(limit, MOST)).isLessThan(80);
  }

  /** However far it shrinks each time. */
  @ParameterizedTest
  @ValueSource(ints = {10, 100, 500, 1_000})
  void whatThereIsNoRoomForIsTriedLessAndLessOften(int shrunk) {
    LockLimit limit = new LockLimit(MOST, clock::get);
    limit.shrinkTo(shrunk, full);

    assertThat(shortageOf(limit, 600, 1_000, shrunk)).isBetween(5, 20);
    assertThat(shortageOf(limit, 600, 1_000, shrunk)).isBetween(5, 10);
  }

  @ParameterizedTest
  @CsvSource({"10, 12", "10, 100", "300, 500"})
  void isTriedLessAndLessOftenAlsoFromSizesThatDiffer(int one, int other) {
    LockLimit limit = new LockLimit(MOST, clock::get);
    limit.shrinkTo(one, full);

    assertThat(shortageOf(limit, 600, 1_000, one, other)).isLessThan(25);
    assertThat(shortageOf(limit, 600, 1_000, one, other)).isBetween(5, 12);
  }

  @Test
  void shortagesFarFromEachOtherAreEachTheFirst() {
    LockLimit limit = new LockLimit(MOST, clock::get);
    for (int day = 0; day < 10; day++) {
      limit.shrinkTo(1_000, full);
      pass(Duration.ofSeconds(2));
      assertThat(limit.get()).isEqualTo(MOST);
      pass(Duration.ofDays(1));
    }
  }

  /** There is room for so many only. */
  private void shortage(LockLimit limit, int seconds, int room) {
    shortageOf(limit, seconds, room, room);
  }

  /** The same, where it shrinks even further; tells how often there was no room. */
  private int shortageOf(LockLimit limit, int seconds, int room, int... shrunk) {
    int times = 0;
    for (int i = 0; i < seconds; i++) {
      if (limit.get() > room) {
        int locks = shrunk[times++ % shrunk.length];
        // By who takes locks, and by who writes the ends of jobs.
        limit.shrinkTo(locks, full);
        limit.shrinkTo(locks, full);
      } else {
        limit.held(limit.get());
      }
      pass(Duration.ofSeconds(1));
    }
    return times;
  }

  private int secondsUntilAll(LockLimit limit, int most) {
    int seconds = 0;
    while (limit.get() < most) {
      limit.held(limit.get());
      pass(Duration.ofSeconds(1));
      seconds++;
    }
    return seconds;
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos() + 1);
  }
}
