package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.ForeignNames;
import dev.qg.fixture.Notifications;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The search path finds the tables and nothing else: no function, operator or type that somebody
 * else has made there runs as the application, and none of them stops the queue.
 */
class SearchPathTest {

  private static final RetryPolicy TWICE =
      RetryPolicy.builder().delay(Duration.ZERO).maxAttempts(2).build();

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final Set<Long> failed = ConcurrentHashMap.newKeySet();

  @BeforeEach
  void makeForeignNames() {
    ForeignNames.make(db);
  }

  static Stream<Arguments> clients() {
    return ForeignNames.PATHS.stream()
        .flatMap(path -> Stream.of("", "public").map(schema -> Arguments.of(path, schema)));
  }

  private Qg client(String path, String schema) {
    DataSource connections = db.pool(12, "currentSchema=" + path);
    Qg.Builder builder = Qg.builder(connections).retryPolicy(TWICE);
    return db.closeLater((schema.isEmpty() ? builder : builder.schema(schema)).build());
  }

  @ParameterizedTest
  @MethodSource("clients")
  void givesOurSqlNothingThatIsForeign(String path, String schema) throws Exception {
    Qg qg = client(path, schema);
    DSLContext ctx = DSL.using(db.pool(1, "currentSchema=" + path), SQLDialect.POSTGRES);

    Notifications notifications = Notifications.of(db);

    qg.enqueue(Job.of("A").withPriority(1).withArgs("[1]"));
    ctx.transaction(tx -> qg.enqueue(tx, Job.of("A").withQueue("mail")));
    qg.enqueueAll(List.of(Job.of("A"), Job.of("A").withQueue("mail").withPriority(2)));
    qg.enqueueAll(ctx, Collections.nCopies(600, Job.of("A").withArgs("[2]")));
    assertThat(notifications.heard()).isNotEmpty();
    assertThat(db.jobs()).hasSize(604);
    assertThat(qg.stats()).extracting(JobStats::count).containsExactly(602L, 2L);
    workByHand(qg);
    for (Way way : Way.values()) {
      work(way, qg, client(path, schema));
    }
    assertThat(ForeignNames.haveRun(db.ctx())).isFalse();
  }

  private void workByHand(Qg qg) {
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(qg.working()).extracting(WorkingJob::id).containsExactly(job.id());
      job.tx().execute("select 1");
      job.error("fails");
    }
    for (int i = 0; i < 2; i++) {
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        job.delete();
      }
    }
  }

  /** Each job fails once or, if it is to die, twice; and is revived. */
  private void work(Way way, Qg qg, Qg enqueuer) throws Exception {
    WorkMap map =
        WorkMap.builder()
            .add(
                "A",
                job -> {
                  job.tx().execute("select 1");
                  if (failed.add(job.id())) {
                    throw new IllegalStateException("fails once");
                  }
                })
            .add(
                "Plain",
                job -> {
                  if (failed.add(job.id())) {
                    throw new IllegalStateException("fails once");
                  }
                })
            .add(
                "Dies",
                job -> {
                  throw new IllegalStateException("fails always");
                })
            .build();
    way.start(qg, map, "", "mail")
        .during(
            () -> {
              enqueuer.enqueue(Job.of("Dies"));
              enqueuer.enqueueAll(Collections.nCopies(100, Job.of("Plain")));
              awaitDead();
              long dead = db.ctx().fetchSingle(QG_DEAD_JOBS).getJobId();
              assertThat(enqueuer.revive(dead)).isTrue();
              awaitDead();
              await().until(() -> db.jobs().isEmpty());
            });
    db.ctx().deleteFrom(QG_DEAD_JOBS).execute();
  }

  private void awaitDead() {
    await().until(() -> db.ctx().fetchCount(QG_DEAD_JOBS) == 1);
  }
}
