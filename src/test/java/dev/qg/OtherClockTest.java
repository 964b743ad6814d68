package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Jvm;
import dev.qg.fixture.Program;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jooq.DSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * The clock of the machine that works the jobs is hours away from the database's, and its time zone
 * is another one: what is due is what the database says. Each worker is a process of its own.
 */
class OtherClockTest {

  private static final Duration RETRY = Duration.ofSeconds(100);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  /** The two differ since the database has other functions in the place of its own. */
  @ParameterizedTest
  @CsvSource({
    "Worker, +05:30, America/New_York",
    "Worker, -05:30, Asia/Kathmandu",
    "WorkerPool, +05:30, Australia/Lord_Howe",
    "WorkerPool, -05:30, Europe/Berlin"
  })
  void isNotAskedWhereItIsTheDatabasesThatIsShifted(String kind, String shift, String zone)
      throws Exception {
    shift("now", "stable", shift);
    shift("clock_timestamp", "volatile", shift);
    db.ctx().execute("alter table que_jobs alter run_at set default now()");

    workInAChild(kind, Jvm.of(Child.class).options("-Duser.timezone=" + zone));
  }

  @Tag("system")
  @ParameterizedTest
  @CsvSource({"Worker, +5.5h", "Worker, -5.5h", "WorkerPool, +5.5h", "WorkerPool, -5.5h"})
  void isNotAskedWhereItIsShiftedItself(String kind, String shift) throws Exception {
    String faketime = Program.of("faketime", "faketime").toString();
    workInAChild(kind, Jvm.of(Child.class).startedBy(faketime, "-f", shift));
  }

  private void workInAChild(String kind, Jvm.Command child) throws Exception {
    DSLContext session = db.session();
    session.execute(
        """
        insert into que_jobs (job_class, priority, run_at) values
          ('Later', 1, now() + interval '1 hour'),
          ('Due', 2, now() - interval '1 minute'),
          ('Fail', 3, now() - interval '1 second')
        """);
    Instant due = db.jobs().get(1).getRunAt().toInstant();
    Instant before = now(session);

    String output = child.run(db.url(), kind);

    Instant after = now(session);
    assertThat(output)
        .contains("Due is the oldest since " + due, "worked Due of " + due, "worked Enqueued of ")
        .doesNotContain("worked Later");
    assertThat(Duration.between(after, timeIn(output, "clock ")).abs())
        .as("between the clocks")
        .isBetween(Duration.ofHours(5), Duration.ofHours(6));
    assertThat(timeIn(output, "worked Enqueued of ")).isBetween(before, after);
    assertThat(db.jobs()).extracting(QueJobsRecord::getJobClass).containsExactly("Later", "Fail");
    assertThat(db.jobs().get(1).getRunAt().toInstant())
        .isBetween(before.plus(RETRY), after.plus(RETRY));
  }

  private void shift(String clock, String volatility, String shift) {
    db.replaceFunction(
        clock + "()",
        "returns timestamptz language sql %s as $$ select pg_catalog.real_%s() + interval '%s' $$"
            .formatted(volatility, clock, shift));
  }

  private static Instant now(DSLContext session) {
    return session.fetchSingle("select now()").get(0, OffsetDateTime.class).toInstant();
  }

  private static Instant timeIn(String output, String beginning) {
    return output
        .lines()
        .filter(line -> line.startsWith(beginning))
        .map(line -> Instant.parse(line.substring(beginning.length())))
        .findFirst()
        .orElseThrow(() -> new AssertionError(output));
  }

  /** A program that works what is due. */
  static final class Child {

    private Child() {}

    public static void main(String[] args) {
      System.out.println("clock " + Instant.now());
      PGSimpleDataSource dataSource = new PGSimpleDataSource();
      dataSource.setUrl(args[0]);
      RetryPolicy policy = RetryPolicy.builder().delay(RETRY).build();
      try (Qg qg = Qg.builder(dataSource).retryPolicy(policy).build()) {
        qg.stats().stream()
            .filter(line -> line.type().equals("Due"))
            .forEach(line -> System.out.println("Due is the oldest since " + line.oldestRunAt()));
        qg.enqueue(Job.of("Enqueued").withPriority(4));
        if (args[1].equals("Worker")) {
          Worker worker = Worker.builder(qg, workMap()).build();
          while (worker.workOne()) {}
        } else {
          workInAPool(qg);
        }
      }
    }

    /** On one thread: what is more urgent, were it due, would come first. */
    private static void workInAPool(Qg qg) {
      try (WorkerPool pool = WorkerPool.builder(qg, workMap()).count(1).build()) {
        pool.start();
        await().until(() -> pool.snapshot().worked() >= 2 && pool.snapshot().failed() >= 1);
      }
    }

    private static WorkMap workMap() {
      WorkFunc tell = job -> System.out.println("worked " + job.type() + " of " + job.runAt());
      return WorkMap.builder()
          .add("Due", tell)
          .add("Enqueued", tell)
          .add("Later", tell)
          .add(
              "Fail",
              job -> {
                throw new IllegalStateException("fails");
              })
          .build();
    }
  }
}
