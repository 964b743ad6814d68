package dev.qg.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class UsageTest {

  private static final long MIB = 1 << 20;
  private static final int MINUTE = 60;

  @Test
  void nothingIsWrongWithWhatComesAndGoes() {
    List<Usage> calm = calm(MINUTE, second -> second % 2);

    assertThat(Usage.growing(usage(0), calm, MINUTE)).isEmpty();
    assertThat(Usage.lines(usage(0), calm, MINUTE))
        .hasSize(5)
        .allMatch(line -> line.startsWith("steady"));
  }

  @Test
  void allThatGrowsIsNamed() {
    List<Usage> calm = calm(MINUTE, second -> second);

    assertThat(Usage.growing(usage(0), calm, MINUTE))
        .hasSize(5)
        .allMatch(line -> line.endsWith(" grows"));
    assertThat(Usage.lines(usage(0), calm, MINUTE)).allMatch(line -> line.startsWith("grows"));
  }

  @Test
  void aShortCalmSaysNothingOfGrowth() {
    List<Usage> calm = calm(MINUTE / 2, second -> second);

    assertThat(Usage.growing(usage(0), calm, MINUTE / 2.0)).isEmpty();
    assertThat(Usage.lines(usage(0), calm, MINUTE / 2.0))
        .allMatch(line -> line.startsWith("unknown"));
  }

  @Test
  void whatHasGrownUntilTheCalmIsNamed() {
    List<Usage> calm = calm(MINUTE, second -> 10);

    assertThat(Usage.growing(usage(0), calm, MINUTE))
        .containsExactly(
            "heap of a worker after a collection (MiB) grows", "threads of all workers grows");
  }

  /** One a second, each of whose measures is a multiple of the same number. */
  private static List<Usage> calm(int seconds, LongUnaryOperator times) {
    return LongStream.rangeClosed(0, seconds)
        .mapToObj(second -> usage(times.applyAsLong(second)))
        .toList();
  }

  private static Usage usage(long times) {
    return new Usage(times * MIB, times, times, 100 * times, times * MIB);
  }
}
