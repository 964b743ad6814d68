package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What can't be stored is refused before anything is sent, by a message that names it. */
class BadInputTest {

  private static final Job JOB = Job.of("MyJob");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\n\t "})
  void refusesJobsWithoutAType(String type) {
    assertThatThrownBy(() -> Job.of(type))
        .isInstanceOf(MissingTypeException.class)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must have a type");
    assertThatThrownBy(() -> WorkMap.of(type, job -> {})).isInstanceOf(MissingTypeException.class);
  }

  @Test
  void refusesAWorkMapWithoutHandlers() {
    WorkMap.Builder builder = WorkMap.builder();
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("must have a handler");
  }

  @ParameterizedTest
  @ValueSource(ints = {-32_769, 32_768, Integer.MIN_VALUE, Integer.MAX_VALUE, 65_536})
  void refusesPrioritiesOutOfRange(int priority) {
    assertThatThrownBy(() -> JOB.withPriority(priority))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("priority must be from -32768 to 32767, but is " + priority);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-4713-11-23T23:59:59.999999999Z",
        "+294277-01-01T00:00:00Z",
        "-1000000000-01-01T00:00:00Z",
        "+1000000000-12-31T23:59:59.999999999Z"
      })
  void refusesTimesThatTheDatabaseCanNotHold(String time) {
    assertThatThrownBy(() -> JOB.withRunAt(Instant.parse(time)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "runAt must be from -4713-11-24T00:00:00Z to +294276-12-31T23:59:59.999999Z, but is "
                + time);
  }

  /** {@link StoredTextTest} shows that both extremes are stored. */
  @Test
  void knowsWhichTimesTheDatabaseCanNotHold() {
    assertThatThrownBy(() -> db.ctx().fetch("select '4714-11-23 23:59:59+00 BC'::timestamptz"))
        .isInstanceOf(DataAccessException.class);
    assertThatThrownBy(() -> db.ctx().fetch("select '294277-01-01 00:00:00+00'::timestamptz"))
        .isInstanceOf(DataAccessException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\0", "a\0b", "\uD800", "\uDC00", "\uDC00\uD800", "🐘\uD83D", "\uD83Dx"})
  void refusesTextThatTheDatabaseCanNotHold(String text) {
    Map<String, ThrowingCallable> calls =
        Map.of(
            "type", () -> Job.of(text),
            "queue", () -> JOB.withQueue(text),
            "args", () -> JOB.withArgs("[\"" + text + "\"]"),
            "schema", () -> Qg.builder(db.dataSource()).schema(text));
    calls.forEach(
        (name, call) ->
            assertThatThrownBy(call)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + " has the character U+")
                .hasMessageContaining("can't store as text"));
    assertThatThrownBy(() -> db.qg().lockJob(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("queue has the character U+");
    assertThatThrownBy(() -> Job.of("ab\0"))
        .hasMessage(
            "type has the character U+0000 at index 2, which PostgreSQL can't store as text:"
                + " \"ab\uFFFD\"");
  }

  @Test
  void refusesEmptySchemas() {
    assertThatThrownBy(() -> Qg.builder(db.dataSource()).schema(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("schema must not be empty");
  }

  @Test
  void namesWhatMustNotBeNull() {
    Qg qg = db.qg();
    DSLContext ctx = db.ctx();
    Connection untouchable = Intercept.untouchable();
    Map<ThrowingCallable, String> calls =
        Map.ofEntries(
            Map.entry(() -> Job.of(null), "type"),
            Map.entry(() -> JOB.withQueue(null), "queue"),
            Map.entry(() -> JOB.withRunAt(null), "runAt"),
            Map.entry(() -> JOB.withArgs((String) null), "args"),
            Map.entry(() -> JOB.withArgs((JSON) null), "args"),
            Map.entry(() -> qg.enqueue(null), "job"),
            Map.entry(() -> qg.enqueue(ctx, null), "job"),
            Map.entry(() -> qg.enqueue(ctx.configuration(), null), "job"),
            Map.entry(() -> qg.enqueue(untouchable, null), "job"),
            Map.entry(() -> qg.enqueue((DSLContext) null, JOB), "ctx"),
            Map.entry(() -> qg.enqueue((Configuration) null, JOB), "configuration"),
            Map.entry(() -> qg.enqueue((Connection) null, JOB), "connection"),
            Map.entry(() -> qg.enqueueAll((Collection<Job>) null), "jobs"),
            Map.entry(() -> qg.enqueueAll(ctx, null), "jobs"),
            Map.entry(() -> qg.enqueueAll((DSLContext) null, List.of()), "ctx"),
            Map.entry(() -> qg.enqueueAll((Configuration) null, List.of()), "configuration"),
            Map.entry(() -> qg.enqueueAll((Connection) null, List.of()), "connection"),
            Map.entry(() -> qg.lockJob(null), "queue"),
            Map.entry(() -> qg.stats(null), "ctx"),
            Map.entry(() -> qg.working(null), "ctx"),
            Map.entry(() -> qg.revive(null, List.of()), "ctx"),
            Map.entry(() -> qg.revive(ctx, null), "jobIds"),
            Map.entry(() -> qg.revive(ctx, Collections.singleton(null)), "each of jobIds"),
            Map.entry(() -> Qg.create(null), "dataSource"),
            Map.entry(() -> Qg.builder(db.dataSource()).schema(null), "schema"),
            Map.entry(() -> Qg.builder(db.dataSource()).configuration(null), "configuration"),
            Map.entry(() -> Qg.builder(db.dataSource()).retryPolicy(null), "retryPolicy"),
            Map.entry(
                () -> Qg.builder(db.dataSource()).retryPolicy(null, RetryPolicy.standard()),
                "type"),
            Map.entry(() -> Qg.builder(db.dataSource()).retryPolicy("T", null), "retryPolicy"),
            Map.entry(() -> Qg.builder(db.dataSource()).hooks(null), "hooks"),
            Map.entry(() -> Qg.builder(db.dataSource()).synchronous(null), "workMap"),
            Map.entry(() -> WorkMap.of(null, job -> {}), "type"),
            Map.entry(() -> WorkMap.of("MyJob", null), "function"),
            Map.entry(() -> RetryPolicy.builder().delay((Duration) null), "delay"),
            Map.entry(() -> RetryPolicy.builder().maxDelay(null), "maxDelay"),
            Map.entry(() -> TestJobs.inject(null, ctx, JOB), "qg"),
            Map.entry(() -> TestJobs.inject(qg, null, JOB), "tx"),
            Map.entry(() -> TestJobs.inject(qg, ctx, null), "job"));
    calls.forEach(
        (call, name) ->
            assertThatThrownBy(call)
                .isInstanceOf(NullPointerException.class)
                .hasMessage(name + " must not be null"));
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void refusesNullsOfALockedJob() {
    db.enqueue("MyJob");
    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThatThrownBy(() -> job.error((String) null))
          .isInstanceOf(NullPointerException.class)
          .hasMessage("message must not be null");
      assertThatThrownBy(() -> job.error((Throwable) null))
          .isInstanceOf(NullPointerException.class)
          .hasMessage("error must not be null");
      job.delete();
    }
  }

  @Test
  void leavesTheCallersTransactionAsItWas() {
    db.ctx()
        .transaction(
            tx -> {
              DSLContext ctx = DSL.using(tx);
              db.qg().enqueue(tx, JOB);
              for (String args : List.of("no JSON", "[\"\0\"]")) {
                assertThatThrownBy(() -> db.qg().enqueue(ctx, JOB.withArgs(args)))
                    .isInstanceOf(IllegalArgumentException.class);
              }
              assertThatThrownBy(() -> db.qg().enqueue(ctx, Job.of("")))
                  .isInstanceOf(MissingTypeException.class);
              assertThatThrownBy(() -> db.qg().enqueue(ctx, null))
                  .isInstanceOf(NullPointerException.class);
              assertThat(ctx.fetchCount(QUE_JOBS)).isEqualTo(1);
              db.qg().enqueue(tx, JOB);
            });

    assertThat(db.jobs()).hasSize(2);
  }
}
