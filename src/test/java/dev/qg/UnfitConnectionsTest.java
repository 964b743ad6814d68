package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connection or a table is set up for may make work impossible: that is told as it is. */
class UnfitConnectionsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private final AtomicInteger runs = new AtomicInteger();
  private final WorkMap workMap = WorkMap.of("Do", job -> runs.incrementAndGet());

  private void refusesToWork(DataSource dataSource, String message) {
    db.enqueue("Do");
    Qg qg = db.closeLater(Qg.create(dataSource));
    List<ThrowingCallable> workers =
        List.of(
            () -> qg.lockJob(""),
            () -> Worker.builder(qg, workMap).build().workOne(),
            () -> Worker.builder(qg, workMap).build().work(),
            () -> WorkerPool.builder(qg, workMap).build().start());
    for (ThrowingCallable worker : workers) {
      assertThatThrownBy(worker).isInstanceOf(QgException.class).hasMessageContaining(message);
    }
    assertThat(runs).hasValue(0);
    assertThat(db.job(1).getErrorCount()).isZero();
  }

  @Test
  void readOnlyConnections() {
    HikariConfig config = new HikariConfig();
    db.pool(4).copyStateTo(config);
    config.setReadOnly(true);

    refusesToWork(db.closeLater(new HikariDataSource(config)), "readOnly=true");
  }

  /** The driver breaks a connection on which a result is larger. */
  @Test
  void aLimitOfTheDriverForResults() {
    refusesToWork(db.pool(4, "maxResultBuffer=10M"), "maxResultBuffer=10M");
  }

  @Test
  void connectionsThatParseOurSql() {
    DSLContext ctx = DSL.using(db.pool(1), SQLDialect.POSTGRES);
    DSLContext parsing = DSL.using(ctx.parsingConnection(), SQLDialect.POSTGRES);

    assertThatThrownBy(() -> db.qg().enqueue(parsing, Job.of("Do")))
        .hasMessageContaining("parsingConnection()");
    assertThatThrownBy(() -> db.qg().enqueueAll(parsing, List.of(Job.of("Do"), Job.of("Do"))))
        .hasMessageContaining("parsingConnection()");
    assertThat(db.jobs()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void aCollationThatTakesQueuesForTheSame(Way way) throws Exception {
    db.ctx()
        .execute(
            """
            create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            alter table que_jobs alter queue type text collate nocase;
            """);
    db.qg().enqueue(Job.of("Do").withQueue("mail"));

    way.start(db.qg(), workMap, "Mail")
        .during(() -> await().until(() -> !logs.events("worker_failing").isEmpty()));

    assertThat(logs.events("worker_failing").get(0).getThrowableProxy().getMessage())
        .contains("takes \"mail\" for \"Mail\"", "deterministic collation");
    assertThat(logs.events("job_lost")).isEmpty();
    assertThat(runs).hasValue(0);
  }
}
