package dev.qg.chaos;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Something that happens to a machine, lasts for a while, and is over.
 *
 * @param least how many seconds it lasts at least
 * @param most how many it lasts at most
 * @param mayRepeat whether a job may run again for it that has not failed
 */
record Fault(String name, double least, double most, Strike strike, boolean mayRepeat) {

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

  Fault(String name, double least, double most, Strike strike) {
    this(name, least, most, strike, true);
  }

  /** The same, in whose time no job may run again that has not failed. */
  Fault thatRepeatsNothing() {
    return new Fault(name, least, most, strike, false);
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
