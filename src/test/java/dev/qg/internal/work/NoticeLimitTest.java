package dev.qg.internal.work;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ten notifications at once and a hundred a second are allowed for each queue. */
class NoticeLimitTest {

  private final AtomicLong clock = new AtomicLong();
  private final NoticeLimit limit = new NoticeLimit(clock::get);

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MAX_VALUE - 1_000, Long.MIN_VALUE})
  void allowsSomeAtOnceAndThenTwoHundredAndFiftyASecond(long start) {
    clock.set(start);
    assertThat(allowed("q", 100)).isEqualTo(25);

    for (int i = 0; i < 5; i++) {
      clock.addAndGet(Duration.ofMillis(4).toNanos() - 1);
      assertThat(limit.allows("q")).isFalse();
      clock.addAndGet(1);
      assertThat(allowed("q", 2)).isEqualTo(1);
    }
  }

  @Test
  void savesUpNoMoreThanThoseAtOnce() {
    allowed("q", 100);

    clock.addAndGet(Duration.ofDays(1).toNanos());

    assertThat(allowed("q", 100)).isEqualTo(25);
  }

  @Test
  void isOneForEachQueue() {
    assertThat(allowed("a", 100)).isEqualTo(25);
    assertThat(allowed("b", 100)).isEqualTo(25);
  }

  @Test
  void isSharedByTheQueuesBeyondAThousandAndByLongNames() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(limit.allows("queue" + i)).isTrue();
    }
    int further = IntStream.range(1_000, 3_000).map(i -> allowed("queue" + i, 1)).sum();

    assertThat(further).isEqualTo(25);
    assertThat(limit.allows("x".repeat(1_000))).isFalse();
    assertThat(limit.allows("queue999")).isTrue();
  }

  @Test
  void countsEachOfManyThreads() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      int sum = 0;
      List<Callable<Integer>> parts = Collections.nCopies(4, () -> allowed("q", 10_000));
      for (Future<Integer> part : threads.invokeAll(parts)) {
        sum += part.get();
      }
      assertThat(sum).isEqualTo(25);
    } finally {
      threads.shutdown();
    }
  }

  private int allowed(String queue, int times) {
    return (int) IntStream.range(0, times).filter(i -> limit.allows(queue)).count();
  }
}
