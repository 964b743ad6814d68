package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever another client may have written into the table is worked or set aside with an error, and
 * never keeps the jobs behind it waiting.
 */
@Tag("slow")
class BadDataTest {

  private static final int LARGE = 50 * 1024 * 1024;
  private static final Condition DUE = QUE_JOBS.RUN_AT.le(DSL.currentOffsetDateTime());
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** How the driver sends statements and reads what comes back: as text, as binary, or as both. */
  private static final List<String> SETTINGS =
      List.of(
          "",
          "prepareThreshold=0",
          "prepareThreshold=-1",
          "binaryTransfer=false",
          "preferQueryMode=simple",
          "preferQueryMode=extendedForPrepared");

  /** Who works the jobs. */
  enum Way {
    WORKER,
    POOL
  }

  static Stream<Arguments> waysAndSettings() {
    return Arrays.stream(Way.values())
        .flatMap(way -> SETTINGS.stream().map(setting -> Arguments.of(way, setting)));
  }

  /** What a handler is shown of a job. */
  private record Seen(short priority, Instant runAt, String args, int errorCount) {}

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final Map<String, Seen> seen = new ConcurrentHashMap<>();

  @ParameterizedTest
  @MethodSource("waysAndSettings")
  void givesTheHandlerArgsThatAreNoArrayAsTheyAre(Way way, String setting) {
    List<String> all =
        List.of(
            "null",
            "{}",
            " {\"a\" : 1, \"a\":2} ",
            "-1.50e+400",
            "\"\"",
            "\"\\u0000 \\ud800\"",
            "true",
            "\n[ ]\t",
            "[null]");
    all.forEach(args -> insert(args + "Any", DSL.val(JSON.json(args))));

    work(way, setting, all.stream().map(args -> args + "Any").toList());

    assertThat(all).allSatisfy(args -> assertThat(seen(args + "Any").args).isEqualTo(args));
    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void takesFiftyMegabytesOfArgs(Way way) {
    insert("Large", large());
    insert("Fail", large());

    work(way, "", List.of("Large", "Fail"));

    assertThat(seen("Large").args.length()).isEqualTo(LARGE + 2);
    assertThat(count(QUE_JOBS.JOB_CLASS.eq("Fail"), QUE_JOBS.LAST_ERROR.contains("as asked")))
        .isOne();
  }

  @ParameterizedTest
  @EnumSource
  void takesArgsThatAreNestedAsDeepAsTheServerLetsIn(Way way) {
    int depth = deepest();
    insert("Deep", nested(depth));
    insert("Fail", nested(depth));

    work(way, "", List.of("Deep", "Fail"));

    assertThat(depth).isGreaterThan(1_000);
    assertThat(seen("Deep").args).hasSize(2 * depth).startsWith("[[[").endsWith("]]]");
    assertThat(db.jobs()).singleElement().returns(1, QueJobsRecord::getErrorCount);
  }

  @ParameterizedTest
  @MethodSource("waysAndSettings")
  void worksOrSetsAsideAnyType(Way way, String setting) {
    List<String> known =
        List.of(
            " a ",
            "\u0001\n\t\r",
            "ÄÖ ß e\u0301",
            "\u202egnal\u200f",
            "🐘👩‍👩‍👧 \uffff\udbff\udfff");
    known.forEach(type -> insert(type, DSL.val(JSON.json("[]"))));
    List<String> unknown = List.of("", " ", "?", "known", "\ufeff", "x".repeat(1_000_000));
    unknown.forEach(type -> insert(type, DSL.val(JSON.json("[]"))));

    work(way, setting, known);

    assertThat(seen).containsOnlyKeys(known);
    assertThat(db.jobs())
        .hasSize(unknown.size())
        .allSatisfy(
            job -> {
              assertThat(job.getErrorCount()).isOne();
              assertThat(job.getLastError()).contains("unknown job type");
            })
        .extracting(QueJobsRecord::getJobClass)
        .containsExactlyInAnyOrderElementsOf(unknown);
  }

  @ParameterizedTest
  @MethodSource("waysAndSettings")
  void worksOrSetsAsideWhatIsAtTheEndsOfPriorityAndErrorCount(Way way, String setting) {
    db.ctx()
        .execute(
            "insert into que_jobs (job_class, priority, error_count) values"
                + " ('Least', -32768, -2147483648), ('Most', 32767, 2147483647),"
                + " ('Fail', -32768, 2147483647), ('Fail', 32767, 2147483646),"
                + " ('Fail', 0, -2147483648)");

    work(way, setting, List.of("Least", "Most", "Fail"));

    assertThat(seen("Least"))
        .returns(Short.MIN_VALUE, Seen::priority)
        .returns(Integer.MIN_VALUE, Seen::errorCount);
    assertThat(seen("Most"))
        .returns(Short.MAX_VALUE, Seen::priority)
        .returns(Integer.MAX_VALUE, Seen::errorCount);
    assertThat(db.jobs())
        .extracting(QueJobsRecord::getPriority, QueJobsRecord::getErrorCount)
        .containsExactly(
            tuple(Short.MIN_VALUE, Integer.MAX_VALUE),
            tuple((short) 0, Integer.MIN_VALUE + 1),
            tuple(Short.MAX_VALUE, Integer.MAX_VALUE));
    assertThat(db.jobs()).allSatisfy(job -> assertThat(job.getLastError()).contains("as asked"));
  }

  @ParameterizedTest
  @MethodSource("waysAndSettings")
  void worksWhatIsDueSinceAnyTimeAndLeavesWhatIsNot(Way way, String setting) {
    Map<String, Instant> due =
        Map.of(
            "-infinity", OffsetDateTime.MIN.toInstant(),
            "4714-11-24 00:00:00+00 BC", Instant.parse("-4713-11-24T00:00:00Z"),
            "4713-02-29 12:00:00+00 BC", Instant.parse("-4712-02-29T12:00:00Z"),
            "0005-02-29 23:59:59.999999+00 BC", Instant.parse("-0004-02-29T23:59:59.999999Z"),
            "0001-02-29 12:34:56.000001+00 BC", Instant.parse("0000-02-29T12:34:56.000001Z"),
            "0001-12-31 23:59:59+00 BC", Instant.parse("0000-12-31T23:59:59Z"),
            "0004-02-29 00:00:00+00", Instant.parse("0004-02-29T00:00:00Z"));
    List<String> later = List.of("infinity", "294276-12-31 23:59:59.999999+00");
    List<String> types = new ArrayList<>();
    due.keySet().forEach(time -> types.addAll(List.of("Due " + time, "Fail " + time)));
    types.forEach(type -> insertAt(type, type.substring(type.indexOf(' ') + 1)));
    later.forEach(time -> insertAt("Later", time));
    assertThat(db.qg().stats()).hasSize(types.size() + 1);

    work(way, setting, types);

    due.forEach((time, instant) -> assertThat(seen("Due " + time).runAt).isEqualTo(instant));
    assertThat(count(QUE_JOBS.ERROR_COUNT.eq(1))).isEqualTo(due.size());
    assertThat(count(QUE_JOBS.ERROR_COUNT.eq(0))).isEqualTo(later.size());
    assertThat(count(DUE)).isZero();
  }

  /**
   * Works what is due, and good jobs behind all that: the jobs of the known types leave what their
   * handlers see, or fail if their type says so.
   */
  private void work(Way way, String setting, Collection<String> known) {
    // So many that prepared statements come to be used, whose results may be binary.
    db.ctx()
        .execute(
            "insert into que_jobs (job_class, priority)"
                + " select 'Good', 32767 from generate_series(1, 12)");
    WorkMap.Builder map = WorkMap.builder().add("Good", job -> {});
    known.forEach(type -> map.add(type, this::see));
    RetryPolicy inAnHour = RetryPolicy.builder().delay(Duration.ofHours(1)).build();
    try (HikariDataSource pool = db.pool(6, setting);
        Qg qg = Qg.builder(pool).retryPolicy(inAnHour).build()) {
      if (way == Way.WORKER) {
        Worker worker = Worker.builder(qg, map.build()).build();
        for (long due = count(DUE); due > 0; due--) {
          assertThat(worker.workOne()).isTrue();
        }
        assertThat(worker.workOne()).isFalse();
      } else {
        try (WorkerPool workers = WorkerPool.builder(qg, map.build()).count(2).build()) {
          workers.start();
          await().atMost(PATIENCE).until(() -> count(QUE_JOBS.JOB_CLASS.eq("Good")) == 0);
        }
      }
    }
    assertThat(count(QUE_JOBS.JOB_CLASS.eq("Good"))).isZero();
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  private void see(LockedJob job) {
    if (job.type().startsWith("Fail")) {
      throw new IllegalStateException("as asked");
    }
    seen.put(
        job.type(), new Seen(job.priority(), job.runAt(), job.args().data(), job.errorCount()));
  }

  private Seen seen(String type) {
    return requireNonNull(seen.get(type), type);
  }

  /** How deep arrays can be nested in what the server takes for JSON. */
  private int deepest() {
    int fits = 1;
    int tooDeep = 1 << 22;
    while (tooDeep - fits > 1) {
      int depth = (fits + tooDeep) / 2;
      if (isTaken(depth)) {
        fits = depth;
      } else {
        tooDeep = depth;
      }
    }
    db.ctx().deleteFrom(QUE_JOBS).execute();
    return fits;
  }

  private boolean isTaken(int depth) {
    try {
      insert("Probe", nested(depth));
      return true;
    } catch (DataAccessException e) {
      assertThat(e).hasMessageContaining("stack depth limit");
      return false;
    }
  }

  private static Field<JSON> nested(int depth) {
    return DSL.field("(repeat('[', {0}) || repeat(']', {0}))::json", JSON.class, DSL.val(depth));
  }

  private static Field<JSON> large() {
    return DSL.field("('\"' || repeat('x', {0}) || '\"')::json", JSON.class, DSL.val(LARGE));
  }

  private void insert(String type, Field<JSON> args) {
    db.ctx().insertInto(QUE_JOBS).set(QUE_JOBS.JOB_CLASS, type).set(QUE_JOBS.ARGS, args).execute();
  }

  private void insertAt(String type, String time) {
    db.ctx()
        .execute(
            "insert into que_jobs (job_class, run_at) values (?, cast(? as timestamptz))",
            type,
            time);
  }

  private int count(Condition... conditions) {
    return db.ctx().fetchCount(QUE_JOBS, conditions);
  }
}
