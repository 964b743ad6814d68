package dev.qg.chaos;

import dev.qg.Job;
import java.time.Instant;
import java.util.List;
import java.util.Random;

/**
 * What the seed decides about an order.
 *
 * @param type of the job: see {@link Orders}
 * @param delayMillis how much later than now the job is due; 0 for one that is not scheduled
 * @param failures how often the handler fails on purpose, where the type is not one that dies
 */
record Plan(String type, String queue, int priority, int delayMillis, int failures) {

  /** Among them the default one, as clients of other languages know it. */
  static final List<String> QUEUES = List.of("", "billing", "mail", "stock");

  private static final int PRIORITIES = 20;
  private static final int LONGEST_DELAY_MILLIS = 5_000;
  private static final int MOST_FAILURES = 3;

  static Plan of(long seed, long order) {
    Random random = Dice.of(seed, order);
    int fate = random.nextInt(1_000);
    return new Plan(
        fate < 10 ? Orders.MORTAL : fate < 12 ? Orders.HOPELESS : Orders.TYPE,
        QUEUES.get(random.nextInt(QUEUES.size())),
        priority(seed, random.nextInt(PRIORITIES)),
        random.nextInt(10) == 0 ? 1 + random.nextInt(LONGEST_DELAY_MILLIS) : 0,
        fate >= 12 && fate < 40 ? 1 + random.nextInt(MOST_FAILURES) : 0);
  }

  private static int priority(long seed, int number) {
    return (short) Dice.of(seed, -2L - number).nextInt();
  }

  Job job(long order) {
    Job job = Job.of(type).withArgs("[" + order + "]").withQueue(queue).withPriority(priority);
    return delayMillis == 0 ? job : job.withRunAt(Instant.now().plusMillis(delayMillis));
  }

  /**
   * Whether a handler fails on purpose.
   *
   * @param errors how often the job has failed before
   * @param revivals how often it was revived
   */
  boolean fails(int errors, int revivals) {
    return switch (type) {
      case Orders.MORTAL -> revivals == 0;
      case Orders.HOPELESS -> true;
      default -> errors < failures;
    };
  }
}
