package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LockLimitTest {

  private static final int MOST = 2_000;
  private final RuntimeException full = new IllegalStateException("full");

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1);
  private final LockLimit limit = new LockLimit(MOST, clock::get);

  @Test
  void afterAShortageItHasAllWithinSeconds() {
    limit.shrinkTo(1, full);
    assertThat(limit.get()).isOne();

    int seconds = 0;
    while (limit.get() < MOST) {
      passSecond();
      seconds++;
    }
    assertThat(seconds).isLessThan(15);
  }

  /** Each try could cost others their room. */
  @Test
  void asLongAsThereIsNoRoomItTriesLessAndLessOften() {
    limit.shrinkTo(4, full);
    int tries = 0;
    for (int second = 0; second < 600; second++) {
      passSecond();
      if (limit.get() > 4) {
        tries++;
        limit.shrinkTo(4, full);
      }
    }
    assertThat(tries).isBetween(10, 20);
  }

  @Test
  void afterALongShortageItHasAllSoonOnceThereIsRoom() {
    asLongAsThereIsNoRoomItTriesLessAndLessOften();

    int seconds = 0;
    while (limit.get() < MOST) {
      passSecond();
      seconds++;
    }
    assertThat(seconds).isLessThan(140);
  }

  private void passSecond() {
    clock.addAndGet(Duration.ofSeconds(1).toNanos() + 1);
  }
}
