package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Jvm;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * A time is a moment, whatever a clock on a wall says then: where one hour comes twice, or an hour
 * is left out, in the time zone of the JVM or of the session, jobs keep their order and retries
 * their delay.
 */
class DaylightSavingTest {

  private static final List<String> ZONES =
      List.of("Europe/Berlin", "America/New_York", "Australia/Lord_Howe");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @CsvSource({
    "Europe/Berlin, America/New_York",
    "America/New_York, Australia/Lord_Howe",
    "Australia/Lord_Howe, Europe/Berlin"
  })
  void theHourThatComesTwiceIsTwoHoursAndTheOneThatIsLeftOutIsNone(String jvm, String session)
      throws Exception {
    String output = Jvm.of(Child.class).options("-Duser.timezone=" + jvm).run(db.url(), session);

    List<Instant> times = Child.times();
    List<String> expected = new ArrayList<>();
    for (String queue : List.of("one", "few", "many")) {
      expected.add(queue + " since " + times.get(0));
      times.forEach(time -> expected.add(queue + " at " + time));
    }
    assertThat(output.lines().filter(line -> line.matches("(one|few|many) .*")))
        .as(output)
        .containsExactlyElementsOf(expected);
  }

  static Stream<Arguments> delaysOverEachTransition() {
    return ZONES.stream()
        .flatMap(
            zone ->
                transitions(zone)
                    .flatMap(
                        transition ->
                            Stream.of(Duration.ofSeconds(4), Duration.ofDays(7))
                                .map(delay -> Arguments.of(zone, transition, delay))));
  }

  /** In a session of that zone, just before its clocks are set. */
  @ParameterizedTest
  @MethodSource("delaysOverEachTransition")
  void theDelayOfARetryIsAsLongAsEver(String zone, Instant transition, Duration delay) {
    Instant now = transition.minusSeconds(2);
    db.replaceFunction(
        "now()",
        "returns timestamptz language sql stable as $$ select timestamptz '%s' $$".formatted(now));
    db.enqueue("Fail");
    db.qg().enqueueAll(Collections.nCopies(2, Job.of("Fail").withQueue("pool")));
    db.ctx().execute("update que_jobs set run_at = {0}::timestamptz", DSL.val(now.toString()));
    DataSource there = with(db.dataSource(), "set time zone '" + zone + "'");
    RetryPolicy policy = RetryPolicy.builder().delay(delay).build();
    try (Qg qg = Qg.builder(there).retryPolicy(policy).build();
        WorkerPool pool = WorkerPool.builder(qg, failing()).queues("pool").count(2).build()) {
      assertThat(Worker.builder(qg, failing()).build().workOne()).isTrue();
      pool.start();
      await().until(() -> pool.snapshot().failed() == 2);
    }

    assertThat(db.jobs())
        .hasSize(3)
        .allMatch(job -> job.getRunAt().toInstant().equals(now.plus(delay)));
  }

  private static WorkMap failing() {
    return WorkMap.of(
        "Fail",
        job -> {
          throw new IllegalStateException("fails");
        });
  }

  /** When the clocks of a zone are set, of late. */
  private static Stream<Instant> transitions(String zone) {
    ZoneOffsetTransition first =
        ZoneId.of(zone).getRules().nextTransition(Instant.parse("2025-01-01T00:00:00Z"));
    Instant second = ZoneId.of(zone).getRules().nextTransition(first.getInstant()).getInstant();
    return Stream.of(first.getInstant(), second);
  }

  /** Connections on which something is set. */
  private static DataSource with(DataSource real, String setting) {
    return new DelegatingDataSource(real) {
      @Override
      public Connection getConnection() throws SQLException {
        Connection connection = super.getConnection();
        try (Statement statement = connection.createStatement()) {
          statement.execute(setting);
        }
        return connection;
      }
    };
  }

  /** A program that enqueues jobs around each transition, and works them. */
  static final class Child {

    private Child() {}

    /** Around each transition, half an hour away and as near as can be, in their order. */
    static List<Instant> times() {
      return ZONES.stream()
          .flatMap(DaylightSavingTest::transitions)
          .flatMap(
              moment ->
                  Stream.of(-1_800_000_000L, -1L, 0L, 1_800_000_000L)
                      .map(micros -> moment.plusNanos(micros * 1_000)))
          .sorted()
          .toList();
    }

    public static void main(String[] args) {
      PGSimpleDataSource dataSource = new PGSimpleDataSource();
      dataSource.setUrl(args[0]);
      try (Qg qg = Qg.create(with(dataSource, "set time zone '" + args[1] + "'"))) {
        List<Instant> latestFirst = new ArrayList<>(times());
        Collections.reverse(latestFirst);
        latestFirst.forEach(time -> qg.enqueue(Job.of("Tell").withQueue("one").withRunAt(time)));
        qg.enqueueAll(jobs("few", latestFirst));
        List<Job> many = new ArrayList<>(jobs("many", latestFirst));
        // So many that they are copied.
        many.addAll(jobs("others", Collections.nCopies(500, latestFirst.get(0))));
        qg.enqueueAll(many);
        for (String queue : List.of("one", "few", "many")) {
          qg.stats().stream()
              .filter(line -> line.queue().equals(queue))
              .forEach(line -> System.out.println(queue + " since " + line.oldestRunAt()));
          WorkMap workMap =
              WorkMap.of("Tell", job -> System.out.println(queue + " at " + job.runAt()));
          Worker worker = Worker.builder(qg, workMap).queue(queue).build();
          while (worker.workOne()) {}
        }
      }
    }

    private static List<Job> jobs(String queue, List<Instant> times) {
      return times.stream().map(time -> Job.of("Tell").withQueue(queue).withRunAt(time)).toList();
    }
  }
}
