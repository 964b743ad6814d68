package dev.qg.bench;

/** One line for each run, on stdout; on a terminal, with the run's progress while it lasts. */
final class Progress {

  private static final boolean TERMINAL = System.console() != null;

  private static String current = "";

  private Progress() {}

  static void begin(String run) {
    current = run;
    System.out.print(run);
    System.out.flush();
  }

  static void show(int worked, int wanted) {
    if (TERMINAL) {
      System.out.printf("\r%s%3d %%", current, 100L * worked / wanted);
      System.out.flush();
    }
  }

  static void end(String result) {
    System.out.println((TERMINAL ? "\r" + current : "") + result);
  }
}
