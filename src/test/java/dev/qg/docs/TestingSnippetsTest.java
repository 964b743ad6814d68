package dev.qg.docs;

import static dev.qg.docs.Shop.ORDERS;
import static dev.qg.docs.Shop.RECEIPTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.Job;
import dev.qg.LockedJob;
import dev.qg.Qg;
import dev.qg.TestJobs;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.fixture.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples of docs/testing.md run as they stand there. */
class TestingSnippetsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void createTables() {
    Shop.createTables(db.ctx());
  }

  /** A handler as an application writes it. */
  static final class SendReceipt implements WorkFunc {
    @Override
    public void work(LockedJob job) {
      job.tx().insertInto(RECEIPTS).set(RECEIPTS.FOR_ORDER, job.args()).execute();
    }
  }

  /** Undoes what a test wrote. */
  static final class Undo extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @Test
  void aHandlerOnTheTestsOwnTransaction() {
    DSLContext ctx = db.ctx();
    Qg qg = db.qg();

    try {
      ctx.transaction(
          cfg -> {
            DSLContext tx = DSL.using(cfg);
            LockedJob job = TestJobs.inject(qg, tx, Job.of("SendReceipt").withArgs("[42]"));
            new SendReceipt().work(job);
            assertThat(tx.fetchValues(RECEIPTS.FOR_ORDER)).containsExactly(JSON.json("[42]"));
            job.done();
            throw new Undo();
          });
    } catch (Undo e) {
      // Nothing of it was ever committed.
    }

    assertThat(ctx.fetchCount(RECEIPTS)).isZero();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void synchronousMode() {
    DataSource dataSource = db.dataSource();
    DSLContext ctx = db.ctx();

    WorkMap handlers = WorkMap.of("SendReceipt", new SendReceipt());
    Qg qg = Qg.builder(dataSource).synchronous(handlers).build();

    ctx.transaction(
        cfg -> {
          DSL.using(cfg).insertInto(ORDERS).set(ORDERS.ID, 42).execute();
          qg.enqueue(cfg, Job.of("SendReceipt").withArgs("[42]"));
          assertThat(DSL.using(cfg).fetchCount(RECEIPTS)).isEqualTo(1);
        });

    assertThat(ctx.fetchCount(RECEIPTS)).isEqualTo(1);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void oneJobAtATimeWithoutThreads() {
    Qg qg = db.qg();
    qg.enqueue(Job.of("SendReceipt").withArgs("[42]"));

    Worker worker = Worker.builder(qg, WorkMap.of("SendReceipt", new SendReceipt())).build();
    while (worker.workOne()) {}

    assertThat(db.ctx().fetchCount(RECEIPTS)).isEqualTo(1);
  }

  @Test
  void anEmbeddedPostgres() throws IOException {
    try (EmbeddedPostgres postgres = EmbeddedPostgres.start()) {
      DataSource dataSource = postgres.getPostgresDatabase();
      Flyway.configure()
          .dataSource(dataSource)
          .locations("classpath:qg/migration")
          .table("qg_schema_history")
          .baselineOnMigrate(true)
          .baselineVersion("0")
          .load()
          .migrate();

      try (Qg qg = Qg.create(dataSource)) {
        assertThat(qg.enqueue(Job.of("SendReceipt"))).isEqualTo(1);
      }
    }
  }
}
