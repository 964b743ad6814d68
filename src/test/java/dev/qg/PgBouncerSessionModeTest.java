package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.PgBouncer;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Where PgBouncer lends a session as long as a connection is held, everything works. */
@Tag("system")
class PgBouncerSessionModeTest {

  private static final String SESSION = "pool_mode=session";
  private static final String OURS = "ApplicationName=ours";

  /** Some of it older servers don't know. */
  private static final Map<String, String> WATCHED =
      Map.of(
          "tcp_keepalives_idle", "5",
          "tcp_keepalives_interval", "2",
          "tcp_keepalives_count", "3",
          "tcp_user_timeout", "20000",
          "client_connection_check_interval", "5000");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  @BeforeEach
  void createTable() {
    Effects.createTable(db.ctx());
  }

  @Test
  void aPoolWorksAndHearsOfNewJobs() {
    PgBouncer bouncer = PgBouncer.start(db, SESSION);
    Qg qg = Qg.create(bouncer.pool(10, ""));
    qg.enqueueAll(Collections.nCopies(1_000, Job.of("Write")));
    try (WorkerPool pool =
        WorkerPool.builder(
                qg,
                WorkMap.builder()
                    .add("Write", job -> Effects.write(job.tx(), "written"))
                    .add("Nothing", job -> {})
                    .build())
            .count(4)
            .interval(Duration.ofHours(1))
            .build()) {
      pool.start();
      await().until(() -> pool.snapshot().worked() == 1_000);
      // By another client, so that it is heard through PgBouncer.
      db.enqueue("Nothing");
      await().until(() -> pool.snapshot().worked() == 1_001);
      assertThat(pool.shutdown(Duration.ofSeconds(20))).isTrue();
    }
    assertThat(Effects.notes(db.ctx())).hasSize(1_000);
    assertThat(db.jobs()).isEmpty();
    assertThat(logs.all()).noneMatch(entry -> entry.getLevel().toInt() >= 30_000);
  }

  @Test
  void aWorkerWorksAndJobsAreWorkedByHandAndCounted() {
    PgBouncer bouncer = PgBouncer.start(db, SESSION);
    try (Qg qg = Qg.create(bouncer.pool(10, ""))) {
      long byHand = qg.enqueue(Job.of("Write").withPriority(1));
      qg.enqueue(Job.of("Write"));
      try (LockedJob job = qg.lockJob("").orElseThrow()) {
        assertThat(job.id()).isEqualTo(byHand);
        assertThat(qg.stats()).singleElement().extracting(JobStats::count).isEqualTo(2L);
        assertThat(qg.working()).singleElement().extracting(WorkingJob::id).isEqualTo(byHand);
        Worker worker =
            Worker.builder(qg, WorkMap.of("Write", one -> Effects.write(one.tx(), "written")))
                .build();
        assertThat(worker.workOne()).isTrue();
        assertThat(worker.workOne()).isFalse();
        job.delete();
      }
    }
    assertThat(db.jobs()).isEmpty();
    assertThat(logs.all()).noneMatch(entry -> entry.getLevel().toInt() >= 30_000);
  }

  /** But for what has the server watch its client, which is left so for good. */
  @Test
  void leavesNoSettingToWhoIsLentTheSessionNextButThatTheServerWatches() throws Exception {
    // Without this, PgBouncer would mend what we leave.
    PgBouncer bouncer = PgBouncer.start(db, SESSION, "server_reset_query=");
    Map<String, String> before;
    try (HikariDataSource others = bouncer.pool(1, OURS)) {
      before = settings(DSL.using(others, SQLDialect.POSTGRES));
    }
    Map<String, String> watched = new HashMap<>(before);
    WATCHED.forEach((name, value) -> watched.computeIfPresent(name, (same, was) -> value));
    int sessions;
    try (HikariDataSource ours = bouncer.pool(10, OURS);
        WorkerPool pool =
            WorkerPool.builder(Qg.create(ours), WorkMap.of("Nothing", job -> {})).build()) {
      pool.start();
      db.qg().enqueueAll(Collections.nCopies(100, Job.of("Nothing")));
      await().until(() -> pool.snapshot().worked() == 100);
      pool.shutdown();
      sessions = sessionsOfOurs();
    }
    assertThat(sessions).isGreaterThanOrEqualTo(3);
    List<Connection> all = new ArrayList<>();
    HikariDataSource others = bouncer.pool(sessions, OURS);
    for (int i = 0; i < sessions; i++) {
      all.add(others.getConnection());
      assertThat(settings(DSL.using(all.get(i), SQLDialect.POSTGRES))).isIn(before, watched);
    }
    assertThat(sessionsOfOurs()).isEqualTo(sessions);
    for (Connection connection : all) {
      connection.close();
    }
  }

  @Test
  void aJobThatIsTakenFromItsHandlerIsFreeAtOnce() throws Exception {
    PgBouncer bouncer = PgBouncer.start(db, SESSION);
    CountDownLatch running = new CountDownLatch(2);
    CountDownLatch release = new CountDownLatch(1);
    WorkMap stubborn =
        WorkMap.builder()
            .add(
                "Plain",
                job -> {
                  running.countDown();
                  awaitWithoutNotice(release);
                })
            .add(
                "Write",
                job -> {
                  Effects.write(job.tx(), "undone");
                  running.countDown();
                  awaitWithoutNotice(release);
                })
            .build();
    db.enqueue("Plain");
    db.enqueue("Write");
    WorkerPool pool =
        WorkerPool.builder(Qg.create(bouncer.pool(10, "")), stubborn).count(2).build();
    pool.start();
    try {
      running.await();
      assertThat(pool.shutdown(Duration.ZERO)).isFalse();
      await().until(() -> db.advisoryLocks() == 0);
      WorkMap others = WorkMap.builder().add("Plain", job -> {}).add("Write", job -> {}).build();
      Worker other = Worker.builder(db.qg(), others).build();
      assertThat(other.workOne()).isTrue();
      assertThat(other.workOne()).isTrue();
    } finally {
      release.countDown();
    }
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }

  @Test
  void theLockOfAJobByHandIsFreeWhenItsClientIsGone() throws Exception {
    PgBouncer bouncer = PgBouncer.start(db, SESSION);
    db.enqueue("Nothing");
    HikariDataSource ours = bouncer.pool(2, "");
    assertThat(Qg.create(ours).lockJob("")).isPresent();
    assertThat(db.advisoryLocks()).isEqualTo(1);
    // As the end of a process does.
    ours.close();
    await().until(() -> db.advisoryLocks() == 0);
  }

  private static void awaitWithoutNotice(CountDownLatch release) {
    boolean released = false;
    while (!released) {
      try {
        release.await();
        released = true;
      } catch (InterruptedException e) {
        // No notice is taken.
      }
    }
  }

  private static Map<String, String> settings(DSLContext ctx) {
    return ctx.fetch("select name, setting from pg_settings")
        .intoMap(row -> row.get(0, String.class), row -> String.valueOf(row.get(1)));
  }

  /** How many sessions PgBouncer has open, which are called as it was asked by who had them. */
  private int sessionsOfOurs() {
    return db.sessions("application_name = 'ours'");
  }
}
