package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An idle pool starts a new job at once, however it hears of it, and not after its interval. */
class WakeUpTest {

  private static final Duration NEVER = Duration.ofDays(1);

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final BlockingQueue<String> worked = new LinkedBlockingQueue<>();

  @Test
  void byANotificationOfAnotherClient() throws Exception {
    try (Qg other = Qg.create(db.pool(2));
        WorkerPool pool = pool(db.qg(), NEVER, true)) {
      startIdle(pool);
      db.ctx().transaction(cfg -> other.enqueue(cfg, Job.of("In a transaction")));
      assertWorked("In a transaction");
      other.enqueue(Job.of("Alone"));
      assertWorked("Alone");
    }
  }

  @Test
  void withoutTheDatabaseWhenTheJobIsOfTheSameClient() throws Exception {
    try (Qg qg = Qg.builder(db.dataSource()).notifications(false).build();
        WorkerPool pool = pool(qg, NEVER, false)) {
      startIdle(pool);
      qg.enqueue(Job.of("Alone"));
      assertWorked("Alone");
      DSL.using(db.ctx().configuration().derive(qg.transactionListener()))
          .transaction(cfg -> qg.enqueue(cfg, Job.of("In a transaction")));
      assertWorked("In a transaction");
    }
  }

  @Test
  void afterItsIntervalIfItHearsNothing() throws Exception {
    try (Qg other = Qg.builder(db.dataSource()).notifications(false).build();
        WorkerPool pool = pool(db.qg(), Duration.ofMillis(50), false)) {
      startIdle(pool);
      other.enqueue(Job.of("Alone"));
      assertWorked("Alone");
    }
  }

  @Test
  void againWhenTheSessionThatListensWasEnded() throws Exception {
    try (Qg other = Qg.create(db.pool(2));
        WorkerPool pool = pool(db.qg(), NEVER, true)) {
      startIdle(pool);
      db.session()
          .execute(
              "select pg_terminate_backend(pid) from pg_stat_activity"
                  + " where datname = current_database() and query like 'listen%'");
      Awaitility.await().until(() -> logs.events("listener_recovered").size() == 1);
      other.enqueue(Job.of("Alone"));
      assertWorked("Alone");
    }
    assertThat(logs.alarms("listener_failing")).hasSize(1);
  }

  private WorkerPool pool(Qg qg, Duration interval, boolean listening) {
    WorkFunc add = job -> worked.add(job.type());
    WorkMap map =
        WorkMap.builder().add("In a transaction", add).add("Alone", add).add("First", add).build();
    return WorkerPool.builder(qg, map).count(1).interval(interval).listening(listening).build();
  }

  /** Starts it, and waits until it has worked a first job and knows of no other. */
  private void startIdle(WorkerPool pool) throws Exception {
    db.session().execute("insert into que_jobs (job_class) values ('First')");
    pool.start();
    assertWorked("First");
    Awaitility.await().until(() -> db.advisoryLocks() == 0);
  }

  private void assertWorked(String type) throws Exception {
    assertThat(worked.poll(60, TimeUnit.SECONDS)).isEqualTo(type);
  }
}
