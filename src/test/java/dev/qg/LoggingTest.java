package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What happens to jobs and workers is logged in pairs that a machine can read. */
class LoggingTest {

  private static final Job JOB = Job.of("Mail").withQueue("out");

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
    assertThat(entry.getFormattedMessage())
        .startsWith("job " + id + " (Mail) failed in attempt 1, retry at ")
        .endsWith(": java.lang.IllegalStateException: no");
    assertPairs(entry, "job_failed", id, "attempt", "retry_at");
    assertThat(Logs.pairs(entry)).containsEntry("attempt", 1);
    assertThat((Instant) Logs.pairs(entry).get("retry_at"))
        .isCloseTo(db.job(id).getRunAt().toInstant(), within(1, ChronoUnit.MINUTES));
  }

  @Test
  void tellsWithWhichTextAHandlerFailedItsJob() {
    long id = db.qg().enqueue(JOB);
    work(job -> job.error("card was declined"));
    ILoggingEvent entry = logs.events("job_failed").get(0);
    assertThat(entry.getFormattedMessage()).contains("attempt 1").endsWith(": card was declined");
    assertPairs(entry, "job_failed", id, "attempt", "retry_at");
  }

  @Test
  void tellsOfAJobThatDies() {
    long id = db.qg().enqueue(JOB);
    db.ctx().execute("update que_jobs set error_count = 6");
    Qg qg =
        Qg.builder(db.dataSource())
            .retryPolicy("Mail", RetryPolicy.builder().maxAttempts(7).build())
            .build();
    work(qg, job -> job.error("card was declined"));
    assertThat(logs.events("job_failed")).isEmpty();
    ILoggingEvent entry = logs.events("job_dead").get(0);
    assertThat(entry.getLevel()).isEqualTo(Level.ERROR);
    assertThat(entry.getFormattedMessage())
        .isEqualTo("job " + id + " (Mail) failed in attempt 7 and is given up: card was declined");
    assertPairs(entry, "job_dead", id, "attempt");
  }

  @Test
  void tellsThatAPoolStartsAndStops() {
    WorkerPool pool =
        WorkerPool.builder(db.qg(), WorkMap.of("Mail", job -> {}))
            .name("mailers")
            .queues("out", "in")
            .count(3)
            .build();
    pool.start();
    ILoggingEvent started = logs.events("pool_started").get(0);
    assertThat(started.getLevel()).isEqualTo(Level.INFO);
    assertThat(started.getFormattedMessage())
        .isEqualTo("Pool \"mailers\" started: queues [out, in], 3 threads, up to 6 connections");
    assertThat(Logs.pairs(started))
        .containsEntry("pool", "mailers")
        .containsEntry("queues", "[out, in]")
        .containsEntry("threads", 3)
        .containsEntry("connections", 6);
    assertThat(logs.events("pool_stopped")).isEmpty();
    pool.shutdown();
    pool.shutdown();
    assertThat(logs.events("pool_stopped"))
        .singleElement()
        .satisfies(
            stopped -> {
              assertThat(stopped.getLevel()).isEqualTo(Level.INFO);
              assertThat(stopped.getFormattedMessage())
                  .startsWith("Pool \"mailers\" stopped in time after ")
                  .endsWith(": 0 jobs worked, 0 failed, 0 lost");
              assertThat(Logs.pairs(stopped))
                  .containsEntry("pool", "mailers")
                  .containsEntry("in_time", true)
                  .containsKey("uptime");
            });
  }

  @Test
  void tellsThatAWorkerStartsAndStops() {
    Worker worker = Worker.builder(db.qg(), WorkMap.of("Mail", job -> {})).queue("out").build();
    InThread thread = InThread.start("mailer", worker::work);
    await().until(() -> !logs.events("worker_started").isEmpty());
    worker.shutdown();
    thread.join();
    assertThat(List.of("worker_started", "worker_stopped"))
        .allSatisfy(
            event ->
                assertThat(logs.events(event))
                    .singleElement()
                    .satisfies(
                        entry ->
                            assertThat(Logs.pairs(entry))
                                .containsEntry("queue", "out")
                                .containsEntry("thread", "mailer")));
  }

  @Test
  void warnsOfTwoPoolsOfOneName() {
    WorkMap map = WorkMap.of("Mail", job -> {});
    for (int i = 0; i < 2; i++) {
      try (WorkerPool pool = WorkerPool.builder(db.qg(), map).name("twin").build()) {
        pool.start();
      }
    }
    assertThat(logs.events("pool_name_taken")).isEmpty();
    try (WorkerPool one = WorkerPool.builder(db.qg(), map).name("twin").build();
        WorkerPool two = WorkerPool.builder(db.qg(), map).name("twin").build()) {
      one.start();
      two.start();
    }
    assertThat(logs.alarms("pool_name_taken"))
        .singleElement()
        .matches(entry -> entry.getFormattedMessage().contains("\"twin\""));
  }

  @Test
  void warnsOnceOfARetryPolicyForATypeThatNoWorkerHandles() {
    RetryPolicy policy = RetryPolicy.standard();
    Qg qg =
        Qg.builder(db.dataSource())
            .retryPolicy("Mail", policy)
            .retryPolicy("Other", policy)
            .retryPolicy("Mial", policy)
            .build();
    Worker.builder(qg, WorkMap.of("Other", job -> {})).build();
    for (int i = 0; i < 2; i++) {
      try (WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("Mail", job -> {})).build()) {
        pool.start();
      }
    }
    assertThat(logs.alarms("retry_policy_unused"))
        .singleElement()
        .matches(entry -> "Mial".equals(Logs.pairs(entry).get("type")));
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
    work(db.qg(), function);
  }

  private static void work(Qg qg, WorkFunc function) {
    Worker worker = Worker.builder(qg, WorkMap.of("Mail", function)).queue("out").build();
    assertThat(worker.workOne()).isTrue();
  }

  private static void assertPairs(ILoggingEvent entry, String event, long id, String... further) {
    Map<String, Object> pairs = Logs.pairs(entry);
    assertThat(pairs)
        .containsEntry("event", event)
        .containsEntry("job_id", id)
        .containsEntry("type", "Mail")
        .containsEntry("queue", "out")
        .containsOnlyKeys(
            Stream.concat(
                    Stream.of("event", "job_id", "type", "queue", "duration"), Stream.of(further))
                .toList());
    assertThat((Duration) pairs.get("duration")).isPositive();
  }
}
