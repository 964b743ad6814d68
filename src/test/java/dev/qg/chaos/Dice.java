package dev.qg.chaos;

import java.util.Random;
import java.util.SplittableRandom;

/** Chance that a seed decides. */
final class Dice {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Dice() {}

  /** A random of its own for each number, which neighbors don't share. */
  static Random of(long seed, long number) {
    return new Random(new SplittableRandom(seed + number * GOLDEN).nextLong());
  }
}
