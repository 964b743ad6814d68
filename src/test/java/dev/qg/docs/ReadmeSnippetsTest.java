package dev.qg.docs;

import static dev.qg.docs.Shop.ORDERS;
import static dev.qg.docs.Shop.RECEIPTS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import dev.qg.fixture.TestDatabase;
import java.time.Duration;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples of the README run as they stand there. */
class ReadmeSnippetsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  @Test
  void migrateByFlyway() {
    DataSource dataSource = db.dataSource();

    Flyway.configure()
        .dataSource(dataSource)
        .locations("classpath:qg/migration")
        .table("qg_schema_history")
        .baselineOnMigrate(true)
        .baselineVersion("0")
        .load()
        .migrate();

    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void theMinutesExample() {
    migrateByFlyway();
    Shop.createTables(db.ctx());
    HikariDataSource dataSource = db.pool(12);

    DSLContext ctx = DSL.using(dataSource, SQLDialect.POSTGRES);
    Qg qg = Qg.create(dataSource);

    // The order and its job are committed together, or neither of them is.
    ctx.transaction(
        cfg -> {
          DSL.using(cfg).insertInto(ORDERS).set(ORDERS.ID, 42).execute();
          qg.enqueue(cfg, Job.of("SendReceipt").withArgs("[42]"));
        });

    qg.enqueue(Job.of("Greet").withArgs("\"reader\""));

    // What a handler writes through job.tx() is committed together with the deletion of its job.
    WorkMap handlers =
        WorkMap.builder()
            .add(
                "SendReceipt",
                job -> job.tx().insertInto(RECEIPTS).set(RECEIPTS.FOR_ORDER, job.args()).execute())
            .add("Greet", job -> System.out.println("Hello, " + job.args()))
            .build();

    WorkerPool pool = WorkerPool.builder(qg, handlers).count(8).build();
    pool.start();

    await().untilAsserted(() -> assertThat(qg.stats()).isEmpty());

    // When the application stops: no new jobs, and 20 seconds for those that are running.
    pool.shutdown(Duration.ofSeconds(20));
    qg.close();

    assertThat(ctx.fetchValues(RECEIPTS.FOR_ORDER)).containsExactly(JSON.json("[42]"));
  }

  @Test
  void aTransactionOfJooqAndAQueryOfOnesOwn() {
    migrateByFlyway();
    DSLContext ctx = db.ctx();
    Qg qg = db.qg();
    Job job = Job.of("SendReceipt");
    qg.enqueue(job.withQueue("mail"));

    ctx.transaction(cfg -> qg.enqueue(DSL.using(cfg), job));

    int waiting = ctx.fetchCount(QUE_JOBS, QUE_JOBS.JOB_CLASS.eq("SendReceipt"));

    assertThat(waiting).isEqualTo(2);
  }
}
