package dev.qg.internal.work;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The queues of a buffer share the time of its threads, whatever their handlers take. */
class FairShareTest {

  private static final Map<String, Long> MILLIS = Map.of("slow", 200L, "fast", 1L);

  private long now = 1_000_000;
  private long ids;
  private int needed;

  @Test
  void backloggedQueuesUseTheSameTime() {
    for (int threads : List.of(1, 2, 4, 50)) {
      Simulation simulation = new Simulation(threads, "slow", "fast");
      for (int i = 0; i < 20_000 * threads; i++) {
        simulation.refill("slow", "fast");
        simulation.step();
      }
      double slow = simulation.used("slow");
      assertThat(slow / simulation.used("fast")).as("%d threads", threads).isCloseTo(1, within(.1));
    }
  }

  /** As with others' jobs in the table which this pool's locker doesn't get. */
  @Test
  void aQueueMakesUpForTheMomentsInWhichItsJobsWereOnTheirWay() {
    Simulation simulation = new Simulation(4, "slow", "fast");
    for (int i = 0; i < 40_000; i++) {
      simulation.refill("slow");
      // Every now and then there is none for three quarters of the time of a slow one.
      if (now / MILLISECONDS.toNanos(150) % 5 != 0) {
        simulation.refill("fast");
      }
      simulation.step();
    }
    double slow = simulation.used("slow");
    assertThat(slow / simulation.used("fast")).isCloseTo(1, within(.1));
  }

  @Test
  void aQuietQueuesJobStartsNext() {
    List<String> quiet = IntStream.range(0, 198).mapToObj(i -> "quiet " + i).toList();
    Simulation simulation =
        new Simulation(
            4, Stream.concat(Stream.of("slow", "fast"), quiet.stream()).toArray(String[]::new));
    for (int i = 0; i < 20_000; i++) {
      simulation.refill("slow", "fast");
      boolean arrives = i % 100 == 50;
      String queue = quiet.get(i / 100 % quiet.size());
      if (arrives) {
        simulation.buffer.looked(queue, true);
        simulation.add(queue);
      }
      String started = simulation.step();
      if (arrives) {
        assertThat(started).isEqualTo(queue);
      }
    }
  }

  @Test
  void idlenessEarnsNothingElse() {
    Simulation simulation = new Simulation(1, "slow", "fast", "late");
    for (int i = 0; i < 10_000; i++) {
      simulation.refill("slow", "fast");
      simulation.step();
    }
    Map<String, Long> before = new HashMap<>(simulation.used);
    for (int i = 0; i < 10_000; i++) {
      simulation.refill("slow", "fast", "late");
      String started = simulation.step();
      if (i == 0) {
        assertThat(started).isEqualTo("late");
      }
    }
    double late = simulation.used("late");
    assertThat(late / (simulation.used("slow") - before.get("slow"))).isCloseTo(1, within(.1));
  }

  @Test
  void aQueueWhoseJobsComeOneByOneGetsNoMoreThanItsShare() {
    Simulation simulation = new Simulation(1, "slow", "fast");
    for (int i = 0; i < 20_000; i++) {
      simulation.refill("fast");
      // There is never a second one.
      simulation.refill("slow");
      simulation.buffer.looked("slow", true);
      simulation.step();
    }
    double slow = simulation.used("slow");
    assertThat(slow / simulation.used("fast")).isCloseTo(1, within(.1));
  }

  @Test
  void thousandsOfQueuesAreServedInTurn() {
    String[] queues = IntStream.range(0, 3_000).mapToObj(i -> "" + i).toArray(String[]::new);
    Simulation simulation = new Simulation(7, queues);
    Stream.of(queues)
        .forEach(queue -> Stream.generate(() -> queue).limit(5).forEach(simulation::add));
    for (int i = 0; i < 3 * queues.length; i++) {
      simulation.step();
    }
    assertThat(simulation.started).hasSize(queues.length);
    assertThat(simulation.started.values()).allMatch(times -> times == 3);
  }

  /** Centuries of thread time: ten thousand threads take weeks for that. */
  @Test
  void accountsDoNotOverflow() {
    Simulation simulation = new Simulation(1, "slow", "fast", "idle");
    simulation.add("idle");
    simulation.buffer.looked("idle", true);
    simulation.step();
    for (int i = 0; i < 50; i++) {
      simulation.refill("slow", "fast");
      simulation.step();
      now += Long.MAX_VALUE / 20;
    }
    simulation.add("idle");
    assertThat(simulation.step()).isEqualTo("idle");
    simulation.started.clear();
    for (int i = 0; i < 30; i++) {
      simulation.refill("slow", "fast", "idle");
      simulation.step();
      now += Long.MAX_VALUE / 20;
    }
    assertThat(simulation.started.values()).hasSize(3).allMatch(times -> times >= 9);
  }

  @Test
  void onlyTheQueueIsStalledWhoseJobsWereNotStarted() {
    Simulation simulation = new Simulation(1, "slow", "fast");
    simulation.add("slow");
    now += MILLISECONDS.toNanos(900);
    simulation.add("fast");
    now += MILLISECONDS.toNanos(200);

    List<HeldJob> removed = simulation.buffer.removeStalled(Duration.ofSeconds(1));

    assertThat(removed).singleElement().matches(job -> job.row().key().queue().equals("slow"));
    assertThat(simulation.buffer.drain()).hasSize(1);
    assertThat(simulation.buffer.drain()).isEmpty();
  }

  @Test
  void prefetchFollowsTheDurationsOfTheQueue() {
    Simulation simulation = new Simulation(4, "slow", "fast");
    for (int i = 0; i < 20_000; i++) {
      simulation.refill("slow", "fast");
      simulation.step();
      simulation.buffer.standing("slow", 2_000);
      simulation.buffer.standing("fast", 2_000);
    }
    assertThat(simulation.buffer.standing("slow", 2_000).ahead()).isZero();
    assertThat(simulation.buffer.standing("fast", 2_000).ahead())
        .as("what two threads start in 100 ms")
        .isBetween(190, 210);
  }

  @Test
  void theLockerIsWokenWhenHalfOfAQueuesJobsAreStarted() {
    Simulation simulation = new Simulation(1, "slow", "fast");
    simulation.add("slow", "slow", "slow", "slow", "fast");
    List<String> woken = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      int before = needed;
      String started = simulation.step();
      if (needed > before) {
        woken.add(started);
      }
    }
    assertThat(woken).containsExactly("fast", "slow");
  }

  /** Threads that take jobs from a buffer and are done with each when its time is over. */
  private final class Simulation {

    private record Slot(Turns.Running running, long until) {}

    private final Buffer buffer;
    private final PriorityQueue<Slot> threads =
        new PriorityQueue<>((one, other) -> Long.compare(one.until - other.until, 0));
    private final Map<String, Long> used = new HashMap<>();
    private final Map<String, Integer> started = new HashMap<>();

    Simulation(int count, String... queues) {
      buffer = new Buffer(List.of(queues), count, () -> now, () -> needed++);
      for (int i = 0; i < count; i++) {
        threads.add(new Slot(new Turns.Running(), now));
      }
      Stream.of(queues).forEach(queue -> buffer.looked(queue, false));
    }

    void add(String... queues) {
      buffer.add(Stream.of(queues).map(queue -> Held.job(queue, ids++)).toList());
    }

    /** Sees that some jobs of each of these wait. */
    void refill(String... queues) {
      for (String queue : queues) {
        if (buffer.standing(queue, 2_000).waiting() == 0) {
          add(queue, queue);
        }
      }
    }

    /** The thread that is done first takes the next job; tells of which queue. */
    String step() {
      Slot thread = threads.remove();
      now += Math.max(0, thread.until - now);
      String queue = buffer.take(thread.running).row().key().queue();
      long time = MILLISECONDS.toNanos(MILLIS.getOrDefault(queue, 5L));
      threads.add(new Slot(thread.running, now + time));
      used.merge(queue, time, Long::sum);
      started.merge(queue, 1, Integer::sum);
      return queue;
    }

    double used(String queue) {
      return used.get(queue);
    }
  }
}
