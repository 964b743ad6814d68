package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.Migrations;
import dev.qg.fixture.TestDatabase;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.ds.PGSimpleDataSource;

/** In a database whose encoding has not all characters, failures are recorded without those. */
class OtherEncodingTest {

  @RegisterExtension final TestDatabase db = TestDatabase.empty();

  private final PGSimpleDataSource latin = new PGSimpleDataSource();
  private DSLContext ctx;

  @BeforeEach
  void createDatabase() {
    db.ctx().execute("create database {0} encoding 'LATIN1' locale 'C' template template0", name());
    latin.setUrl(db.url());
    latin.setDatabaseName(name().last());
    ctx = DSL.using(latin, SQLDialect.POSTGRES);
    Migrations.runAsPlainSql(ctx);
  }

  @AfterEach
  void dropDatabase() {
    db.ctx().execute("drop database {0}", name());
  }

  @Test
  void recordsAFailure() {
    fail(Qg.create(latin));
    assertThat(ctx.fetchSingle(QUE_JOBS).getLastError()).contains("5 ? is too much");
    assertThat(ctx.fetchSingle(QUE_JOBS).getErrorCount()).isEqualTo(1);
  }

  @Test
  void recordsAFailureWhoseHookWrites() {
    fail(
        Qg.builder(latin)
            .hooks(
                new JobHooks() {
                  @Override
                  public void onFailure(LockedJob job, Throwable error) {
                    job.tx().selectOne().execute();
                  }
                })
            .build());
    assertThat(ctx.fetchSingle(QUE_JOBS).getErrorCount()).isEqualTo(1);
  }

  @Test
  void givesAJobUp() {
    fail(Qg.builder(latin).retryPolicy(RetryPolicy.builder().maxAttempts(1).build()).build());
    assertThat(ctx.fetchCount(QUE_JOBS)).isZero();
    assertThat(ctx.fetchSingle(QG_DEAD_JOBS).getLastError()).contains("5 ? is too much");
  }

  private static void fail(Qg qg) {
    qg.enqueue(Job.of("Pay"));
    WorkMap map =
        WorkMap.of(
            "Pay",
            job -> {
              throw new IllegalArgumentException("5 \u20ac is too much");
            });
    assertThat(Worker.builder(qg, map).build().workOne()).isTrue();
  }

  private org.jooq.Name name() {
    return DSL.name(db.ctx().fetchValue("select current_database()") + "_latin");
  }
}
