package dev.qg;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;

/**
 * How long a job waits after a failure, and when it is given up.
 *
 * <p>The {@linkplain #standard() standard} is that of Ruby's Que and qg, count⁴ + 3 seconds after
 * the count-th failure, with an upper bound, which those lack.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class RetryPolicy {

  private static final Duration DEFAULT_MAX_DELAY = Duration.ofDays(7);

  /** Within what a {@code timestamptz} can hold from now on. */
  private static final Duration LONGEST = Duration.ofDays(365_000);

  private static final RetryPolicy STANDARD = builder().build();

  private final IntFunction<Duration> delay;
  private final Duration maxDelay;
  private final double jitter;
  private final OptionalInt maxAttempts;

  private RetryPolicy(Builder builder) {
    this.delay = builder.delay;
    this.maxDelay = builder.maxDelay;
    this.jitter = builder.jitter;
    this.maxAttempts = builder.maxAttempts;
  }

  /**
   * Count⁴ + 3 seconds, at most 7 days, without jitter, for ever: 4 s after the first failure, 19 s
   * after the second, 2.8 hours after the tenth.
   */
  public static RetryPolicy standard() {
    return STANDARD;
  }

  /** Starts from the {@linkplain #standard() standard}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * How long a job waits.
   *
   * @param failures how often it has failed by now, 1 or more
   * @return empty if it is to be given up
   */
  public Optional<Duration> delayAfter(int failures) {
    if (maxAttempts.isPresent() && failures >= maxAttempts.getAsInt()) {
      return Optional.empty();
    }
    Duration base = delay.apply(failures);
    if (base == null || base.isNegative()) {
      throw new IllegalStateException(
          "The delay after " + failures + " failures must not be null or negative, but is " + base);
    }
    return Optional.of(min(jittered(min(base, maxDelay)), maxDelay));
  }

  boolean givesUp() {
    return maxAttempts.isPresent();
  }

  private Duration jittered(Duration base) {
    if (jitter == 0) {
      return base;
    }
    double factor = 1 + jitter * ThreadLocalRandom.current().nextDouble(-1, 1);
    return Duration.ofMillis((long) (base.toMillis() * factor));
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  /** Collects the settings of a policy. For one thread. */
  public static final class Builder {

    private IntFunction<Duration> delay = Builder::countToTheFourth;
    private Duration maxDelay = DEFAULT_MAX_DELAY;
    private double jitter;
    private OptionalInt maxAttempts = OptionalInt.empty();

    private Builder() {}

    /** The delay after the count-th failure, 1 being the first; count⁴ + 3 s by default. */
    public Builder delay(IntFunction<Duration> delay) {
      this.delay = Check.notNull("delay", delay);
      return this;
    }

    /** The same delay after each failure. */
    public Builder delay(Duration delay) {
      Check.notNegative("delay", delay);
      return delay(count -> delay);
    }

    /**
     * The upper bound of the delay; 7 days by default.
     *
     * @throws IllegalArgumentException if it is negative or more than 365,000 days
     */
    public Builder maxDelay(Duration maxDelay) {
      Check.notNull("maxDelay", maxDelay);
      if (maxDelay.isNegative() || maxDelay.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            "maxDelay must be from 0 to 365,000 days, but is " + maxDelay);
      }
      this.maxDelay = maxDelay;
      return this;
    }

    /**
     * By which part of itself a delay is made longer or shorter at random, so that what failed
     * together is not tried together again; 0 by default.
     *
     * @throws IllegalArgumentException if it is not from 0 to 1
     */
    public Builder jitter(double jitter) {
      if (!(jitter >= 0 && jitter <= 1)) {
        throw new IllegalArgumentException("jitter must be from 0 to 1, but is " + jitter);
      }
      this.jitter = jitter;
      return this;
    }

    /**
     * After how many failures a job is given up: it moves to the table {@code qg_dead_jobs}, from
     * where {@link Qg#revive(long)} puts it back. By default it never is.
     *
     * @throws IllegalArgumentException if it is less than 1
     */
    public Builder maxAttempts(int maxAttempts) {
      if (maxAttempts < 1) {
        throw new IllegalArgumentException("maxAttempts must be 1 or more, but is " + maxAttempts);
      }
      this.maxAttempts = OptionalInt.of(maxAttempts);
      return this;
    }

    /** Makes the policy. */
    public RetryPolicy build() {
      return new RetryPolicy(this);
    }

    private static Duration countToTheFourth(int count) {
      // Beyond 10,000 it is longer than any upper bound, and soon longer than a Duration.
      return Duration.ofSeconds((long) Math.pow(Math.min(count, 10_000), 4) + 3);
    }
  }
}
