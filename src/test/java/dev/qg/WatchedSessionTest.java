package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Intercept;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Where a job's transaction is, the server watches whether its client is there: else the rows that
 * it has written would stay locked for hours after its host has vanished.
 */
class WatchedSessionTest {

  private static final String WATCHED = "5, 2, 3, 20000";

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<String> seen = new CopyOnWriteArrayList<>();

  @ParameterizedTest
  @EnumSource
  void isThatOfAHandler(Way way) throws Exception {
    work(way, db.pool(8));
    assertThat(seen).containsExactly(WATCHED, WATCHED);
  }

  @Test
  void isThatOfAJobWorkedByHand() {
    db.enqueue("Do");
    try (LockedJob job = db.qg().lockJob("").orElseThrow()) {
      assertThat(settings(job.tx())).isEqualTo(WATCHED);
      job.delete();
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsWhatTheApplicationHasSet(Way way) throws Exception {
    work(way, db.pool(8, "options=-c%20tcp_user_timeout=77000%20-c%20tcp_keepalives_idle=44"));
    assertThat(seen).containsExactly("44, 2, 3, 77000", "44, 2, 3, 77000");
  }

  /** Those that a pool has held and given back, too. */
  @Test
  void isThatOfEachConnection() {
    HikariDataSource dataSource = db.pool(3);
    Qg qg = Qg.create(dataSource);
    try (WorkerPool pool = WorkerPool.builder(qg, WorkMap.of("Do", job -> {})).build()) {
      pool.start();
      await().until(() -> pool.snapshot().sessionAge().isPresent());
    }
    db.enqueue("Do");
    db.enqueue("Do");
    db.enqueue("Do");
    try (LockedJob one = qg.lockJob("").orElseThrow();
        LockedJob two = qg.lockJob("").orElseThrow();
        LockedJob three = qg.lockJob("").orElseThrow()) {
      assertThat(Stream.of(one, two, three).map(job -> settings(job.tx()))).containsOnly(WATCHED);
    }
  }

  /** For a connection is asked once in its life, not for each job. */
  @Test
  void isAskedForOnce() {
    AtomicInteger asked = new AtomicInteger();
    Qg qg =
        Qg.create(
            Intercept.before(
                db.pool(1),
                (connection, sql) -> {
                  if (sql.contains("pg_settings")) {
                    asked.incrementAndGet();
                  }
                }));
    Worker worker = Worker.builder(qg, WorkMap.of("Do", job -> {})).build();
    for (int i = 0; i < 3; i++) {
      db.enqueue("Do");
      assertThat(worker.workOne()).isTrue();
    }
    assertThat(asked).hasValue(1);
  }

  private void work(Way way, HikariDataSource dataSource) throws Exception {
    db.enqueue("Do");
    db.enqueue("Do");
    WorkMap map = WorkMap.of("Do", job -> seen.add(settings(job.tx())));
    way.start(Qg.create(dataSource), map, "", "")
        .during(() -> await().until(() -> db.jobs().isEmpty()));
  }

  private static String settings(DSLContext ctx) {
    return ctx.fetchSingle(
            "select concat_ws(', ', current_setting('tcp_keepalives_idle'),"
                + " current_setting('tcp_keepalives_interval'),"
                + " current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout'))")
        .get(0, String.class);
  }
}
