package dev.qg.bench;

import java.util.List;
import java.util.Map;

/**
 * Something to measure.
 *
 * @param name as given on the command line
 * @param about a sentence for the report
 * @param unit of all its figures; empty if each figure's name tells it, and then there is no chart
 * @param entries what is run in each round, in this order
 * @param ratios what is compared
 */
public record Scenario(
    String name, String about, String unit, List<Entry> entries, List<Ratio> ratios) {

  /**
   * Something that gives figures.
   *
   * @param contestant whom it can be chosen by
   * @param name unique in the scenario; that of its figure, if it has but one
   */
  public record Entry(String contestant, String name, Measurement measurement) {

    /** An entry of one figure. */
    public static Entry of(String contestant, String name, Figure figure) {
      return new Entry(contestant, name, () -> Map.of(name, figure.measure()));
    }
  }

  /** Runs once, checks what it did, and tells one or several figures by name. */
  @FunctionalInterface
  public interface Measurement {
    Map<String, Double> measure() throws Exception;
  }

  /** Runs once, checks what it did, and tells the figure. */
  @FunctionalInterface
  public interface Figure {
    double measure() throws Exception;
  }

  /**
   * Compares medians.
   *
   * @param of the figure that is looked at
   * @param to what it is compared with: the greatest of these
   * @param goal what it must be, as people read it
   */
  public record Ratio(String name, String of, List<String> to, String goal) {

    public static Ratio of(String goal, String of, String... to) {
      return new Ratio(of + " / " + String.join(" or ", to), of, List.of(to), goal);
    }
  }
}
