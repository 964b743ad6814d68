package dev.qg.chaos;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** What a worker's process tells of itself, and how that is read. */
final class Progress {

  private static final String WORD = "so far ";
  private static final long EACH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A look at the heap needs a collection, which is not to be done all the time. */
  private static final int REPORTS_A_COLLECTION = 5;

  private final AtomicLong worked = new AtomicLong();

  /**
   * A report.
   *
   * @param worked how many jobs so far
   * @param heap bytes in use after the last collection that was asked for
   * @param threads how many there are
   */
  record Report(long worked, long heap, long threads) {}

  void worked() {
    worked.incrementAndGet();
  }

  /** Tells for ever, each second. */
  void report() {
    Runtime runtime = Runtime.getRuntime();
    long heap = 0;
    for (int i = 0; true; i++) {
      LockSupport.parkNanos(EACH_NANOS);
      if (i % REPORTS_A_COLLECTION == 0) {
        System.gc();
        heap = runtime.totalMemory() - runtime.freeMemory();
      }
      try {
        System.out.println(WORD + worked + " " + heap + " " + Thread.activeCount());
      } catch (OutOfMemoryError e) {
        // A handler has filled the heap: the next report says how it is afterwards.
      }
    }
  }

  /** The last one among the lines of a process. */
  static Optional<Report> last(List<String> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (lines.get(i).startsWith(WORD)) {
        String[] numbers = lines.get(i).substring(WORD.length()).split(" ", -1);
        return Optional.of(
            new Report(
                Long.parseLong(numbers[0]),
                Long.parseLong(numbers[1]),
                Long.parseLong(numbers[2])));
      }
    }
    return Optional.empty();
  }
}
