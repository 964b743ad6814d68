package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.sql.Connection;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.PGConnection;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/** The test of a handler can run it on a transaction of its own, which it rolls back. */
class TestJobsTest {

  private static final Job JOB = Job.of("MyJob").withArgs("[42]");

  private static final WorkFunc HANDLER = job -> Effects.write(job.tx(), job.args().data());

  private static final class Rollback extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @BeforeEach
  void createEffects() {
    Effects.createTable(db.ctx());
  }

  @Test
  void runsAHandlerOnTheTestsTransaction() {
    assertThatThrownBy(
            () ->
                db.ctx()
                    .transaction(
                        cfg -> {
                          DSLContext tx = DSL.using(cfg);
                          LockedJob job = TestJobs.inject(db.qg(), tx, JOB);
                          HANDLER.work(job);
                          assertThat(Effects.notes(tx)).containsExactly("[42]");
                          assertThat(Effects.notes(db.ctx())).isEmpty();
                          throw new Rollback();
                        }))
        .isInstanceOf(Rollback.class);

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void injectsTheTestsOwnConnection() throws Exception {
    try (Connection connection = db.dataSource().getConnection()) {
      connection.setAutoCommit(false);
      LockedJob job = TestJobs.inject(db.qg(), DSL.using(connection, SQLDialect.POSTGRES), JOB);

      assertThat(job.connection().unwrap(PGConnection.class))
          .isSameAs(connection.unwrap(PGConnection.class));
      job.done();
      assertThat(connection.isClosed()).isFalse();
      assertThat(connection.getAutoCommit()).isFalse();
      connection.rollback();
    }
  }

  @Test
  void givesAJobLikeThatOfAWorker() {
    db.ctx()
        .transaction(
            cfg -> {
              LockedJob job = TestJobs.inject(db.qg(), DSL.using(cfg), JOB);
              assertThat(job.id()).isPositive();
              assertThat(job.queue()).isEmpty();
              assertThat(job.priority()).isEqualTo((short) 100);
              assertThat(job.type()).isEqualTo("MyJob");
              assertThat(job.args()).isEqualTo(JSON.json("[42]"));
              assertThat(job.errorCount()).isZero();
              assertThat(job.runAt()).isNotNull();
              assertThat(job.lastError()).isEmpty();
              assertThat(DSL.using(cfg).fetchCount(QUE_JOBS)).isEqualTo(1);
              job.delete();
              job.done();
              assertThat(DSL.using(cfg).fetchCount(QUE_JOBS)).isZero();
            });
  }

  @Test
  void undoesTheJobsWritesAloneWhenItFails() {
    db.ctx()
        .transaction(
            cfg -> {
              DSLContext tx = DSL.using(cfg);
              Effects.write(tx, "test");
              LockedJob job = TestJobs.inject(db.qg(), tx, JOB);
              HANDLER.work(job);
              job.error("broken");
              job.done();

              assertThat(Effects.notes(tx)).containsExactly("test");
              assertThat(tx.fetchSingle(QUE_JOBS))
                  .returns(1, row -> row.getErrorCount())
                  .returns("broken", row -> row.getLastError());
              tx.deleteFrom(QUE_JOBS).execute();
            });
  }

  @Test
  void survivesAHandlerThatAbortsTheTransaction() {
    db.ctx()
        .transaction(
            cfg -> {
              DSLContext tx = DSL.using(cfg);
              LockedJob job = TestJobs.inject(db.qg(), tx, JOB);
              assertThatThrownBy(() -> job.tx().execute("select 1 / 0")).isNotNull();
              job.error("aborted");
              job.done();
              assertThat(tx.fetchSingle(QUE_JOBS).getLastError()).isEqualTo("aborted");
              tx.deleteFrom(QUE_JOBS).execute();
            });
  }

  @Test
  void nestsTransactions() {
    db.ctx()
        .transaction(
            cfg -> {
              DSLContext tx = DSL.using(cfg);
              LockedJob job = TestJobs.inject(db.qg(), tx, JOB);
              job.tx().transaction(inner -> Effects.write(DSL.using(inner), "kept"));
              assertThatThrownBy(
                      () ->
                          job.tx()
                              .transaction(
                                  inner -> {
                                    Effects.write(DSL.using(inner), "x");
                                    throw new Rollback();
                                  }))
                  .isInstanceOf(Rollback.class);
              job.delete();
              job.done();
              assertThat(Effects.notes(tx)).containsExactly("kept");
            });
  }

  @Test
  void refusesAContextThatIsInNoTransaction() {
    HikariDataSource pool = db.pool(1);
    assertThatThrownBy(() -> TestJobs.inject(db.qg(), DSL.using(pool, SQLDialect.POSTGRES), JOB))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("in none");

    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void worksUnderSpringsTransactions() {
    TransactionTemplate spring =
        new TransactionTemplate(new DataSourceTransactionManager(db.dataSource()));
    DSLContext ctx =
        DSL.using(new TransactionAwareDataSourceProxy(db.dataSource()), SQLDialect.POSTGRES);

    spring.executeWithoutResult(
        status -> {
          status.setRollbackOnly();
          LockedJob job = TestJobs.inject(db.qg(), ctx, JOB);
          Effects.write(job.tx(), "job");
          assertThat(Effects.notes(ctx)).containsExactly("job");
          job.delete();
          job.done();
          assertThat(ctx.fetchCount(QUE_JOBS)).isZero();
          assertThat(Effects.notes(ctx)).containsExactly("job");
        });

    assertThat(Effects.notes(db.ctx())).isEmpty();
    assertThat(db.jobs()).isEmpty();
  }
}
