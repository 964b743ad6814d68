package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.InThread;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** While a job is worked on a session of its own, the server watches its client. */
class WatchedSessionTest {

  private static final List<String> WATCHED = List.of("10000");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private HikariDataSource one;
  private Qg qg;
  private List<String> before;

  @BeforeEach
  void workOnTheOnlyConnection() {
    one = db.pool(1);
    qg = Qg.create(one);
    before = settings(DSL.using(one, SQLDialect.POSTGRES));
    assertThat(before).isNotEqualTo(WATCHED);
  }

  @Test
  void aWorkersIsWatchedDuringAllOfItsJobs() {
    List<List<String>> seen = new CopyOnWriteArrayList<>();
    Worker worker =
        Worker.builder(qg, WorkMap.of("Do", job -> seen.add(settings(job.tx())))).build();
    db.enqueue("Do");
    db.enqueue("Do");
    try (InThread working = InThread.start("qg-worker", worker::work)) {
      working.awaitTimedWaiting();
      worker.shutdown();
    }
    assertThat(seen).containsExactly(WATCHED, WATCHED);
    assertThat(settings(DSL.using(one, SQLDialect.POSTGRES))).isEqualTo(before);
  }

  @Test
  void thatOfAJobWorkedByHandIsWatchedUntilItIsDone() {
    db.enqueue("Do");
    try (LockedJob job = qg.lockJob("").orElseThrow()) {
      assertThat(settings(job.tx())).isEqualTo(WATCHED);
      job.delete();
    }
    assertThat(settings(DSL.using(one, SQLDialect.POSTGRES))).isEqualTo(before);
  }

  private static List<String> settings(DSLContext ctx) {
    return ctx.fetch("show tcp_user_timeout").getValues(0, String.class);
  }
}
