package dev.qg.chaos;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Something that happens to a machine, lasts for a while, and is over.
 *
 * @param least how many seconds it lasts at least
 * @param most how many it lasts at most
 */
record Fault(String name, double least, double most, Strike strike) {

  /** What happens. */
  interface Strike {

    /**
     * Strikes.
     *
     * @param random for all that is left to chance
     * @return what makes it good again
     */
    Runnable at(Machine machine, Random random);
  }

  /** All there are. */
  static List<Fault> all() {
    return Stream.of(ProcessFaults.ALL, ServerFaults.ALL, NetworkFaults.ALL, TableFaults.ALL)
        .flatMap(List::stream)
        .toList();
  }

  /** Those that neither their strike nor their healing needs a server for. */
  static List<Fault> withoutServer() {
    return Stream.of(ProcessFaults.ALL, NetworkFaults.ALL).flatMap(List::stream).toList();
  }

  double duration(Random random) {
    return least + (most - least) * random.nextDouble();
  }
}
