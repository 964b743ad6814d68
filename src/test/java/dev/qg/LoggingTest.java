package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What happens to jobs is logged in pairs that a machine can read, without the jobs' arguments. */
class LoggingTest {

  private static final String SECRET = "hunter2";
  private static final Job JOB = Job.of("Mail").withQueue("out").withArgs("[\"" + SECRET + "\"]");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @Test
  void tellsOfAJobThatWasWorked() {
    long id = db.qg().enqueue(JOB);
    work(job -> {});
    ILoggingEvent entry = logs.events("job_worked").get(0);
    assertThat(entry.getLevel()).isEqualTo(Level.DEBUG);
    assertPairs(entry, "job_worked", id);
  }

  @Test
  void tellsOfAJobThatFailedWithItsError() {
    long id = db.qg().enqueue(JOB);
    work(
        job -> {
          throw new IllegalStateException("no");
        });
    ILoggingEvent entry = logs.events("job_failed").get(0);
    assertThat(entry.getLevel()).isEqualTo(Level.WARN);
    assertThat(entry.getThrowableProxy().getMessage()).isEqualTo("no");
    assertPairs(entry, "job_failed", id);
  }

  @Test
  void tellsOfAJobThatWasLost() {
    long id = db.qg().enqueue(JOB);
    work(job -> db.ctx().execute("delete from que_jobs"));
    ILoggingEvent entry = logs.events("job_lost").get(0);
    assertThat(entry.getLevel()).isEqualTo(Level.WARN);
    assertPairs(entry, "job_lost", id);
    assertThat(logs.events("job_worked")).isEmpty();
  }

  @Test
  void keepsTheArgumentsOfJobsToItself() {
    db.qg().enqueue(JOB);
    db.qg().enqueue(JOB);
    work(job -> assertThat(job.toString()).doesNotContain(SECRET));
    work(
        job -> {
          throw new IllegalStateException("no");
        });
    db.qg().enqueueAll(java.util.Collections.nCopies(600, JOB));
    try (LockedJob job = db.qg().lockJob("out").orElseThrow()) {
      assertThat(job.toString()).doesNotContain(SECRET);
      job.error("no");
    }
    Worker stranger = Worker.builder(db.qg(), WorkMap.builder().build()).queue("out").build();
    assertThat(stranger.workOne()).isTrue();
    assertThat(JOB.toString()).contains("Mail").doesNotContain(SECRET);
    assertThat(logs.all()).isNotEmpty().noneMatch(entry -> text(entry).contains(SECRET));
  }

  @Test
  void printsNothing() {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (PrintStream capture = new PrintStream(printed, true, StandardCharsets.UTF_8)) {
      System.setOut(capture);
      System.setErr(capture);
      db.qg().enqueue(JOB);
      db.qg().enqueue(JOB);
      work(job -> job.tx().selectOne().execute());
      work(
          job -> {
            throw new StackOverflowError();
          });
      assertThatThrownBy(() -> db.qg().enqueue(db.ctx(), Job.of("")))
          .isInstanceOf(MissingTypeException.class);
      db.qg().stats();
      db.qg().working();
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  private void work(WorkFunc function) {
    Worker worker = Worker.builder(db.qg(), WorkMap.of("Mail", function)).queue("out").build();
    assertThat(worker.workOne()).isTrue();
  }

  private static void assertPairs(ILoggingEvent entry, String event, long id) {
    Map<String, Object> pairs = Logs.pairs(entry);
    assertThat(pairs)
        .containsEntry("event", event)
        .containsEntry("job_id", id)
        .containsEntry("type", "Mail")
        .containsEntry("queue", "out")
        .containsOnlyKeys("event", "job_id", "type", "queue", "duration");
    assertThat((Duration) pairs.get("duration")).isPositive();
  }

  private static String text(ILoggingEvent entry) {
    return entry.getFormattedMessage()
        + Logs.pairs(entry)
        + (entry.getThrowableProxy() == null ? "" : entry.getThrowableProxy().getMessage());
  }
}
