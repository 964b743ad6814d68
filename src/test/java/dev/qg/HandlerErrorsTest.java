package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a handler throws is kept on its job, in a form that can be stored, and the worker lives
 * on.
 */
class HandlerErrorsTest {

  private static final int CAP = 32_768 + 100;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @ParameterizedTest(name = "{0}")
  @MethodSource("errors")
  void isKeptOnTheJobWithItsStackTraceAndTheNextJobIsWorked(
      String name, WorkFunc thrower, String expected) {
    long bad = db.qg().enqueue(Job.of("Bad").withPriority(1));
    long good = db.enqueue("Good");
    WorkMap map = WorkMap.builder().add("Bad", thrower).add("Good", job -> {}).build();
    try (WorkerPool pool =
        WorkerPool.builder(db.qg(), map).count(1).interval(Duration.ofHours(1)).build()) {
      pool.start();
      await().until(() -> db.jobs().stream().noneMatch(job -> job.getJobId() == good));
    }
    QueJobsRecord job = db.job(bad);
    assertThat(job.getErrorCount()).isOne();
    assertThat(job.getLastError())
        .contains(expected)
        .contains("HandlerErrorsTest")
        .hasSizeLessThan(CAP);
    assertThat(db.ctx().fetchValue("select run_at between now() and now() + '4 s' from que_jobs"))
        .isEqualTo(true);
    assertThat(logs.events("job_failed")).hasSize(1);
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void ofACloseFailsTheJobThoughItsBodyHasSucceeded(Way way) throws Exception {
    String error =
        work(
            way,
            job -> {
              try (Refusing resource = new Refusing(job)) {
                resource.write();
              }
            });
    assertThat(error).startsWith("java.io.IOException: can't close\n");
  }

  @ParameterizedTest
  @EnumSource
  void ofACloseIsKeptWithThatOfTheBody(Way way) throws Exception {
    String error =
        work(
            way,
            job -> {
              try (Refusing resource = new Refusing(job)) {
                resource.write();
                throw new IllegalStateException("in the body");
              }
            });
    assertThat(error)
        .startsWith("java.lang.IllegalStateException: in the body\n")
        .contains("\nSuppressed: java.io.IOException: can't close\n");
  }

  /** Works a job that fails, which undoes what it wrote, and tells what is kept of that. */
  private String work(Way way, WorkFunc handler) throws Exception {
    Effects.createTable(db.ctx());
    long id = db.enqueue("Bad");
    way.start(db.qg(), WorkMap.of("Bad", handler), "")
        .during(
            () -> await().until(() -> db.jobs().stream().allMatch(job -> job.getErrorCount() > 0)));
    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(logs.alarms("worker_failing")).isEmpty();
    return db.job(id).getLastError();
  }

  /** What a handler uses, and can't close. */
  private record Refusing(LockedJob job) implements Closeable {

    void write() {
      Effects.write(job.tx(), "written");
    }

    @Override
    public void close() throws IOException {
      throw new IOException("can't close");
    }
  }

  static Stream<Arguments> errors() {
    return Stream.of(
        thrown("a checked exception", () -> new IOException("disk full"), "IOException: disk full"),
        thrown("an error", () -> new AssertionError("no way"), "AssertionError: no way"),
        arguments("a stack overflow", (WorkFunc) job -> overflow(1), "StackOverflowError"),
        thrown("no memory", () -> new OutOfMemoryError("heap"), "OutOfMemoryError: heap"),
        thrown("an interrupt", () -> new InterruptedException("me"), "InterruptedException: me"),
        thrown("no message", () -> new RuntimeException((String) null), "RuntimeException\n"),
        thrown("U+0000", () -> new RuntimeException("a\0b"), "RuntimeException: a\uFFFDb"),
        thrown("a lone high surrogate", () -> new RuntimeException("a\uD83Db"), ": a\uFFFDb"),
        thrown("a lone low surrogate", () -> new RuntimeException("a\uDE00b"), ": a\uFFFDb"),
        thrown("a pair of surrogates", () -> new RuntimeException("\uD83D\uDE00"), "\uD83D\uDE00"),
        thrown(
            "10 MB of message",
            () -> new RuntimeException("x".repeat(10_000_000)),
            "more characters)\n\tat "),
        thrown(
            "a cut between surrogates",
            () -> new RuntimeException("\uD83D\uDE00".repeat(5_000)),
            "more characters)\n\tat "),
        thrown("a cycle of causes", HandlerErrorsTest::cycle, "Caused by: java.io.IOException: b"),
        thrown("100,000 causes", HandlerErrorsTest::deep, "Caused by: "),
        thrown(
            "a suppressed one", HandlerErrorsTest::suppressing, "Suppressed: java.io.IOException"),
        thrown("a message that fails", BadMessage::new, "BadMessage (its message can't be read"),
        thrown("a text that fails", BadText::new, "BadText (its message can't be read"),
        thrown("a cause that fails", BadCause::new, "BadCause: first words"),
        thrown("a stack trace that fails", BadStack::new, "HandlerErrorsTest$BadStack: kept"));
  }

  /** Makes an error in a handler. */
  private interface Maker {
    Throwable make();
  }

  private static Arguments thrown(String name, Maker maker, String expected) {
    WorkFunc thrower =
        job -> {
          Throwable error = maker.make();
          if (error instanceof Error fatal) {
            throw fatal;
          }
          throw (Exception) error;
        };
    return arguments(name, thrower, expected);
  }

  @SuppressWarnings("InfiniteRecursion")
  private static int overflow(int depth) {
    return overflow(depth + 1) + 1;
  }

  private static Exception cycle() {
    Exception a = new IOException("a");
    a.initCause(new IOException("b", a));
    return a;
  }

  private static Exception deep() {
    Exception error = new Exception("0");
    for (int i = 1; i < 100_000; i++) {
      error = new Exception(Integer.toString(i), error);
    }
    return error;
  }

  private static Exception suppressing() {
    Exception error = new Exception("main");
    error.addSuppressed(new IOException("while closing"));
    return error;
  }

  private static final class BadMessage extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String getMessage() {
      throw new IllegalStateException("no message");
    }
  }

  @SuppressWarnings("OverrideThrowableToString")
  private static final class BadText extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String toString() {
      throw new StackOverflowError();
    }
  }

  private static final class BadCause extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadCause() {
      super("first words");
    }

    @Override
    public synchronized Throwable getCause() {
      throw new IllegalStateException("no cause");
    }
  }

  private static final class BadStack extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadStack() {
      super("kept");
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      return null;
    }
  }
}
