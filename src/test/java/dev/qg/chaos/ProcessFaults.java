package dev.qg.chaos;

import java.util.List;

/** What happens to processes. */
final class ProcessFaults {

  static final List<Fault> ALL =
      List.of(
          new Fault(
              "a worker is killed",
              0,
              3,
              (machine, random) -> {
                Part worker = machine.mortal(random);
                worker.jvm().kill();
                return worker::start;
              }),
          new Fault(
              "a worker is restarted",
              0,
              1,
              (machine, random) -> {
                Part worker = machine.mortal(random);
                worker.jvm().terminate();
                worker.jvm().awaitEnd();
                return worker::start;
              }),
          new Fault(
              "a worker stands still",
              1,
              40,
              (machine, random) -> {
                Part worker = machine.mortal(random);
                worker.jvm().freeze();
                return worker.jvm()::thaw;
              }),
          new Fault(
              "all workers but one are killed",
              0,
              3,
              (machine, random) -> {
                machine.mortals().forEach(worker -> worker.jvm().kill());
                return () -> machine.mortals().forEach(Part::start);
              }),
          new Fault(
                  "a producer is killed",
                  0,
                  3,
                  (machine, random) -> {
                    Part producer = machine.producer(random);
                    producer.jvm().kill();
                    return producer::start;
                  })
              .thatRepeatsNothing());

  private ProcessFaults() {}
}
