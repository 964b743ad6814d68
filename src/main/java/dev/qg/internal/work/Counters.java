package dev.qg.internal.work;

import java.util.concurrent.atomic.LongAdder;

/** What a pool has done since its start. Safe for use by many threads. */
final class Counters {

  final LongAdder takes = new LongAdder();
  final LongAdder taken = new LongAdder();
  final LongAdder worked = new LongAdder();
  final LongAdder failed = new LongAdder();
  final LongAdder lost = new LongAdder();
  final LongAdder givenBack = new LongAdder();

  /** Jobs that have not ended by themselves, and shutdowns that ran out of time. */
  final LongAdder unfinished = new LongAdder();

  final LongAdder endStatements = new LongAdder();
  final LongAdder endedByThem = new LongAdder();

  void count(HeldJob.End end) {
    switch (end) {
      case WORKED -> worked.increment();
      case FAILED -> failed.increment();
      case LOST -> {
        lost.increment();
        unfinished.increment();
      }
      case GIVEN_BACK -> {
        givenBack.increment();
        unfinished.increment();
      }
    }
  }
}
