package dev.qg.demo;

/** Placeholder for the demo. */
public final class Shop {
  private Shop() {}

  /**
   * Runs the demo.
   *
   * @param args unused
   */
  public static void main(String[] args) {
    System.out.println("demo, database: " + System.getProperty("qg.url", "embedded"));
  }
}
