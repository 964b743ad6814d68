package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jooq.Condition;
import org.jooq.JSON;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No text becomes a part of a statement: what is given comes back the same, and the tables are
 * still there. Also where the driver puts values into the text of a statement, and where the server
 * reads backslashes in it.
 */
class HostileTextTest {

  private static final String DROP = "drop table que_jobs; drop table qg_dead_jobs; --";

  private static final List<String> TEXTS =
      List.of(
          "'); " + DROP,
          "\\'); " + DROP,
          "''); " + DROP,
          "\"; " + DROP,
          "$$; " + DROP,
          "$1; " + DROP,
          "*/; " + DROP,
          "1}'::bigint[]); " + DROP,
          "\n'; " + DROP + "\n",
          "/* -- $tag$ E'\\'' U&'\\0027' \\",
          "%s %% ? ?? {0} {fn now()} ${x} :name",
          "\u202e\u200f\u2066 '🐘'; \ufeff\u02bc\uff07");

  private static final String HUGE = "'; \\ ".repeat(200_000);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final Map<String, String> worked = new ConcurrentHashMap<>();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "preferQueryMode=simple",
        "options=-c%20standard_conforming_strings=off",
        "preferQueryMode=simple&options=-c%20standard_conforming_strings=off"
      })
  void comesBackAsItWas(String setting) {
    RetryPolicy once = RetryPolicy.builder().maxAttempts(1).build();
    WorkMap.Builder map = WorkMap.builder().add(HUGE, this::see);
    TEXTS.forEach(text -> map.add(text, this::see).add("Fail " + text, HostileTextTest::fail));
    try (HikariDataSource pool = db.pool(10, setting);
        Qg qg = Qg.builder(pool).retryPolicy(once).build()) {
      TEXTS.forEach(text -> workByHand(qg, text));
      try (WorkerPool workers = pool(qg, map.build())) {
        workers.start();
        // By notifications alone, once it waits.
        await().until(() -> workers.snapshot().sinceSweep().isPresent());
        TEXTS.forEach(text -> qg.enqueue(job(text, text)));
        qg.enqueue(job(HUGE, TEXTS.get(0)));
        qg.enqueueAll(TEXTS.stream().map(text -> job("Fail " + text, text)).toList());
        await().until(() -> count(QUE_JOBS.JOB_ID.gt(0L)) == 0);
      }
      TEXTS.forEach(text -> workOne(qg, text, map.build()));
      qg.enqueueAll(Collections.nCopies(500, job(HUGE.substring(0, 100), TEXTS.get(0))));
      assertThat(count(QUE_JOBS.QUEUE.eq(TEXTS.get(0)))).isEqualTo(500);
    }
    assertThat(worked)
        .containsAllEntriesOf(TEXTS.stream().collect(toMap(Function.identity(), text -> text)))
        .containsEntry(HUGE, TEXTS.get(0));
    assertThat(db.ctx().fetch(QG_DEAD_JOBS))
        .hasSize(TEXTS.size())
        .allSatisfy(
            dead -> {
              assertThat(dead.getJobClass()).isEqualTo("Fail " + dead.getQueue());
              assertThat(dead.getArgs()).isEqualTo(args(dead.getQueue()));
              assertThat(dead.getLastError()).contains("failed: " + dead.getQueue());
            });
  }

  /** A schema of such a name is looked for, and nothing else. */
  @ParameterizedTest
  @ValueSource(strings = {"jobs\"; drop table que_jobs; --", "?", "{0}", "'; --", "$$", "a.b\\"})
  void isTheNameOfASchema(String schema) {
    db.ctx().createSchema(schema).execute();
    for (String table : List.of("que_jobs", "qg_dead_jobs")) {
      db.ctx()
          .execute(
              "create table {0} (like {1} including all)",
              DSL.name(schema, table), DSL.name(table));
    }
    db.enqueue("There");
    try (Qg qg = Qg.builder(db.dataSource()).schema(schema).build()) {
      assertThat(qg.lockJob("")).isEmpty();
      qg.enqueue(Job.of("Here"));
      assertThat(qg.stats()).extracting(JobStats::type).containsExactly("Here");
      assertThat(Worker.builder(qg, WorkMap.of("Here", this::see)).build().workOne()).isTrue();
    }
    assertThat(db.jobs()).extracting("jobClass").containsExactly("There");
  }

  private void workByHand(Qg qg, String text) {
    long id = qg.enqueue(job(text, text));
    try (LockedJob job = qg.lockJob(text).orElseThrow()) {
      assertThat(job.type()).isEqualTo(text);
      assertThat(job.args()).isEqualTo(args(text));
      job.error(text);
    }
    assertThat(db.ctx().fetchSingle(QG_DEAD_JOBS).getLastError()).isEqualTo(text);
    assertThat(qg.revive(id)).isTrue();
    assertThat(db.job(id).getLastError()).isEqualTo(text);
    try (LockedJob job = qg.lockJob(text).orElseThrow()) {
      assertThat(job.lastError()).contains(text);
      job.delete();
    }
  }

  private void workOne(Qg qg, String text, WorkMap map) {
    worked.remove(text);
    qg.enqueue(job(text, text));
    assertThat(Worker.builder(qg, map).queue(text).build().workOne()).isTrue();
    assertThat(worked).containsKey(text);
  }

  private static WorkerPool pool(Qg qg, WorkMap map) {
    String[] others = TEXTS.stream().skip(1).toArray(String[]::new);
    return WorkerPool.builder(qg, map)
        .name(TEXTS.get(0))
        .queues(TEXTS.get(0), others)
        .count(2)
        .interval(Duration.ofHours(1))
        .build();
  }

  private void see(LockedJob job) {
    assertThat(job.args()).isEqualTo(args(job.type()));
    worked.put(job.type(), job.queue());
  }

  private static void fail(LockedJob job) {
    throw new IllegalStateException("failed: " + job.queue());
  }

  private static Job job(String type, String queue) {
    return Job.of(type).withQueue(queue).withArgs(args(type.startsWith("Fail ") ? queue : type));
  }

  private static JSON args(String text) {
    return JSON.json(
        "[\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"]");
  }

  private int count(Condition condition) {
    return db.ctx().fetchCount(QUE_JOBS, condition);
  }
}
