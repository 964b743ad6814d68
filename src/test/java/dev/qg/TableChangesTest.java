package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table is rewritten, altered, taken away or emptied while its jobs run: what was written for
 * each is there once, an outage is told once, and the workers go on by themselves.
 */
class TableChangesTest {

  private static final int JOBS = 20;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  /** Two jobs at a time. */
  private final CountDownLatch running = new CountDownLatch(2);

  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicInteger runs = new AtomicInteger();
  private Qg qg;

  @BeforeEach
  void retryAtOnce() {
    Effects.createTable(db.ctx());
    qg =
        Qg.builder(db.dataSource())
            .retryPolicy(RetryPolicy.builder().delay(Duration.ZERO).build())
            .build();
  }

  static Stream<Arguments> harmless() {
    return with(
        "vacuum full que_jobs",
        "cluster que_jobs using que_jobs_pkey",
        "reindex table que_jobs",
        "reindex table concurrently que_jobs",
        "create index concurrently on que_jobs (job_class)",
        "alter table que_jobs add column note text default md5(random()::text)",
        "alter table que_jobs alter last_error type varchar",
        "alter table que_jobs alter error_count type bigint",
        "alter table que_jobs alter args type jsonb");
  }

  static Stream<Arguments> outages() {
    return with(
        "alter table que_jobs rename to away; alter table away rename to que_jobs",
        "alter table que_jobs drop column last_error; alter table que_jobs add last_error text");
  }

  private static Stream<Arguments> with(String... changes) {
    return Stream.of(Way.values())
        .flatMap(way -> Stream.of(changes).map(change -> Arguments.of(way, change)));
  }

  @ParameterizedTest
  @MethodSource("harmless")
  void workEachJobOnce(Way way, String change) throws Exception {
    qg.enqueueAll(Collections.nCopies(JOBS, Job.of("Write")));
    during(
        way,
        () -> {
          db.session().execute(change);
          release.countDown();
          await().until(() -> db.ctx().fetchValue("select count(*) from que_jobs").equals(0L));
        });
    assertThat(runs).hasValue(JOBS);
    assertThat(Effects.notes(db.ctx())).hasSize(JOBS).doesNotHaveDuplicates();
    assertThat(logs.alarms("job_lost")).isEmpty();
    // What was prepared on a session has to be prepared anew, once.
    assertThat(logs.alarms("worker_failing").size()).isLessThanOrEqualTo(way == Way.POOL ? 1 : 2);
  }

  @ParameterizedTest
  @MethodSource("outages")
  void saySoOnceWhileItIsNotThereAndGoOnAfterwards(Way way, String changes) throws Exception {
    qg.enqueueAll(Collections.nCopies(JOBS, Job.of("Write")));
    String[] awayAndBack = changes.split("; ", -1);
    during(
        way,
        () -> {
          db.ctx().execute(awayAndBack[0]);
          release.countDown();
          await().until(() -> tries() >= 4);
          db.ctx().execute(awayAndBack[1]);
          await().until(() -> db.jobs().isEmpty());
          await().until(() -> db.advisoryLocks() == 0);
        });
    assertThat(Effects.notes(db.ctx())).hasSize(JOBS).doesNotHaveDuplicates();
    assertThat(logs.alarms("job_lost")).isEmpty();
    assertThat(logs.alarms("lock_session_lost")).isEmpty();
    // Of each of two workers; of a pool, that it can't take jobs, nor write some of their ends.
    assertThat(logs.alarms("worker_failing").size()).isLessThanOrEqualTo(2);
    assertThat(logs.alarms("end_not_recorded").size()).isLessThanOrEqualTo(2);
  }

  /** A truncation waits for the one that has deleted its job and not committed. */
  @ParameterizedTest
  @EnumSource
  void loseWhatIsTruncatedAndGoOn(Way way) throws Exception {
    List<Long> ids = new ArrayList<>();
    ids.add(qg.enqueue(Job.of("DeleteFirst")));
    ids.add(qg.enqueue(Job.of("Write")));
    CountDownLatch commit = new CountDownLatch(1);
    WorkMap workMap =
        WorkMap.builder()
            .add(
                "DeleteFirst",
                job -> {
                  Effects.write(job.tx(), "DeleteFirst " + job.id());
                  job.delete();
                  running.countDown();
                  commit.await();
                })
            .add("Write", this::write)
            .build();
    during(
        way,
        workMap,
        () -> {
          InThread truncation =
              InThread.start("truncation", () -> db.session().execute("truncate que_jobs"));
          await().until(() -> db.sessions("wait_event_type = 'Lock' and query ~ 'truncate'") == 1);
          commit.countDown();
          truncation.join();
          release.countDown();
          await().until(() -> logs.alarms("job_lost").size() == 1);
          ids.add(qg.enqueue(Job.of("Write")));
          await().until(() -> Effects.notes(db.ctx()).size() == 2);
        });
    assertThat(Effects.notes(db.ctx()))
        .containsExactly("DeleteFirst " + ids.get(0), "Write " + ids.get(2));
    assertThat(db.jobs()).isEmpty();
    assertThat(logs.alarms("job_lost")).hasSize(1);
  }

  /** Without a policy, a row can neither be seen nor deleted, and that is no error. */
  @ParameterizedTest
  @EnumSource
  void workEachJobOnceThoughItsRowWasHiddenByRowLevelSecurity(Way way) throws Exception {
    qg.enqueueAll(Collections.nCopies(2, Job.of("Write")));
    String role = "hidden_from_of_" + db.ctx().fetchValue("select current_database()");
    db.ctx().execute("create role " + role + " login password 'secret'");
    db.closeLater(
        () -> {
          db.ctx().execute("drop owned by " + role);
          db.ctx().execute("drop role " + role);
        });
    db.ctx().execute("grant all on all tables in schema public to " + role);
    qg = Qg.create(db.pool(10, "user=" + role + "&password=secret"));
    during(
        way,
        () -> {
          db.ctx().execute("alter table que_jobs enable row level security");
          release.countDown();
          await().until(() -> logs.alarms("job_lost").size() == 2);
          assertThat(Effects.notes(db.ctx())).isEmpty();
          db.ctx().execute("alter table que_jobs disable row level security");
          await().until(() -> db.jobs().isEmpty());
        });
    assertThat(runs).hasValue(4);
    assertThat(Effects.notes(db.ctx())).hasSize(2).doesNotHaveDuplicates();
    assertThat(logs.alarms("worker_failing")).isEmpty();
  }

  /** Does something while two jobs run, and afterwards. */
  private void during(Way way, InThread.Action test) throws Exception {
    during(way, WorkMap.of("Write", this::write), test);
  }

  private void during(Way way, WorkMap workMap, InThread.Action test) throws Exception {
    way.start(qg, workMap, "", "")
        .during(
            () -> {
              running.await();
              test.run();
            });
  }

  /** Writes in the job's transaction, and waits; every other one, before it has begun that. */
  private void write(LockedJob job) throws InterruptedException {
    boolean early = job.id() % 2 == 0;
    if (early) {
      Effects.write(job.tx(), job.type() + " " + job.id());
    }
    runs.incrementAndGet();
    running.countDown();
    release.await();
    if (!early) {
      Effects.write(job.tx(), job.type() + " " + job.id());
    }
  }

  /** How often it was tried in vain, of which all but the first ones are not worth a warning. */
  private int tries() {
    List<ILoggingEvent> failed = new ArrayList<>(logs.events("worker_failing"));
    failed.addAll(logs.events("end_not_recorded"));
    return failed.size();
  }
}
