package dev.qg.bench.contestant;

import dev.qg.bench.Ledger;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Workers in another process. It says "ready", waits for "go", works and says each time how many
 * jobs more it has worked, until "stop"; then it writes how often it worked each job into the file
 * that is its last argument, a byte a job.
 */
final class ChildProcess implements AutoCloseable {

  private static final long PATIENCE = 60;

  private final Path times;
  private final Process process;
  private final BufferedReader out;
  private final PrintStream in;

  ChildProcess(List<String> command) throws IOException {
    this.times = Files.createTempFile("qg-bench", ".times");
    List<String> all = new ArrayList<>(command);
    all.add(times.toString());
    this.process = new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    this.out = process.inputReader(StandardCharsets.UTF_8);
    this.in = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  void awaitReady() throws IOException {
    String line = out.readLine();
    if (!"ready".equals(line)) {
      throw new IOException("The other process says " + line);
    }
  }

  /** Lets it work, and tells the ledger how far it is. */
  void go(Ledger ledger) {
    Thread reader =
        new Thread(
            () -> {
              try {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                  ledger.add(Integer.parseInt(line));
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            },
            "child-reader");
    reader.setDaemon(true);
    reader.start();
    in.println("go");
  }

  /** Lets it end, and hears which jobs it has worked. */
  void stop(Ledger ledger) throws IOException, InterruptedException {
    in.println("stop");
    if (!process.waitFor(PATIENCE, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("The other process did not end well");
    }
    ledger.record(Files.readAllBytes(times));
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      Files.deleteIfExists(times);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
