package dev.qg.internal.work;

import dev.qg.internal.concurrent.Timings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.event.Level;

/**
 * The ends of jobs that the database refuses to write, such as those that a trigger rejects: tried
 * again with growing pauses, while those of other jobs are written. For the finisher's thread.
 */
final class RefusedEndings {

  /** Where very many are refused at a time, the first ones tell why. */
  private static final int MOST_TOLD = 10;

  /** A list, as it loses nothing where there is no memory to make it larger; a deque would. */
  private final List<Ending> waiting = new ArrayList<>();

  /** Those that were refused before, for what is said once. */
  private final Set<Ending> known = Collections.newSetFromMap(new IdentityHashMap<>());

  private final Outage outage = new Outage("worker", "Can't write how some jobs ended");
  private long notBefore = System.nanoTime();

  void add(Ending ending) {
    waiting.add(ending);
  }

  /** Hears why the last one was refused. */
  void tell(Ending ending, RuntimeException cause) {
    if (waiting.size() == 1) {
      notBefore = System.nanoTime() + outage.failed(cause).toNanos();
    }
    if (known.add(ending)) {
      Run.refused(ending.job(), cause, known.size() <= MOST_TOLD ? Level.ERROR : Level.DEBUG);
    }
  }

  boolean isEmpty() {
    return waiting.isEmpty();
  }

  /** How long none of them is tried again. */
  Duration pause() {
    if (waiting.isEmpty()) {
      return Timings.NO_LIMIT;
    }
    return Duration.ofNanos(Math.max(0, notBefore - System.nanoTime()));
  }

  /** Gives them out, if it is time to try them again. */
  void takeDue(Consumer<Ending> taker) {
    if (pause().isZero()) {
      drain(taker);
    }
  }

  /** Gives them out, the last first: each is forgotten when it is taken, and none if that fails. */
  void drain(Consumer<Ending> taker) {
    for (int last = waiting.size() - 1; last >= 0; last--) {
      taker.accept(waiting.get(last));
      waiting.remove(last);
    }
  }

  /** Hears that one was written. */
  void settled(Ending ending) {
    if (known.remove(ending) && known.isEmpty()) {
      outage.over();
    }
  }
}
