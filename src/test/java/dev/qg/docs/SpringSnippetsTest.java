package dev.qg.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.qg.Job;
import dev.qg.LockedJob;
import dev.qg.Qg;
import dev.qg.RetryPolicy;
import dev.qg.TestJobs;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkerPool;
import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The examples of docs/operating.md for Spring run as they stand there, and a handler with a
 * transaction of Spring's behaves as docs/testing.md says.
 */
class SpringSnippetsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.empty();
  @TempDir Path migrations;

  // These have the form of Spring Boot's, which the tests do without.

  private @interface Bean {
    String initMethod() default "";
  }

  private @interface DependsOnDatabaseInitialization {}

  private interface FlywayMigrationStrategy {
    void migrate(Flyway flyway);
  }

  @Bean
  Qg qg(DataSource dataSource) {
    return Qg.create(dataSource);
  }

  @Bean(initMethod = "start")
  @DependsOnDatabaseInitialization
  WorkerPool workers(Qg qg, WorkMap handlers) {
    return WorkerPool.builder(qg, handlers).build();
  }

  @Bean
  FlywayMigrationStrategy migrations() {
    return application -> {
      application.migrate();
      Flyway.configure()
          .dataSource(application.getConfiguration().getDataSource())
          .locations("classpath:qg/migration")
          .table("qg_schema_history")
          .baselineOnMigrate(true)
          .baselineVersion("0")
          .load()
          .migrate();
    };
  }

  @Test
  void migratesBesideAnApplication() throws IOException {
    String own = "filesystem:" + migrations;
    Files.writeString(migrations.resolve("V1__orders.sql"), "create table orders (id integer)");
    assertThatThrownBy(() -> application(own, "classpath:qg/migration").migrate())
        .isInstanceOf(FlywayException.class)
        .hasMessageContaining("more than one migration with version 1");

    migrations().migrate(application(own));
    migrations().migrate(application(own));

    assertThat(db.ctx().fetchCount(DSL.table("flyway_schema_history"))).isEqualTo(1);
    try (Qg qg = qg(db.dataSource());
        WorkerPool pool = workers(qg, WorkMap.of("Do", job -> {}))) {
      pool.start();
      qg.enqueue(Job.of("Do"));
      await().untilAsserted(() -> assertThat(db.jobs()).isEmpty());
    }
  }

  @Test
  void aTransactionalMethodOfAHandlerIsUndoneInATestOnly() {
    migrations().migrate(application("filesystem:" + migrations));
    Effects.createTable(db.ctx());
    TransactionTemplate spring =
        new TransactionTemplate(new DataSourceTransactionManager(db.dataSource()));
    DSLContext ctx =
        DSL.using(new TransactionAwareDataSourceProxy(db.dataSource()), SQLDialect.POSTGRES);
    WorkFunc handler =
        job -> {
          Effects.write(job.tx(), "by the handler");
          spring.executeWithoutResult(status -> Effects.write(ctx, "by a method"));
          throw new IllegalStateException("afterwards");
        };
    RetryPolicy atOnce = RetryPolicy.builder().delay(Duration.ZERO).build();
    try (Qg qg = Qg.builder(db.dataSource()).retryPolicy(atOnce).build()) {
      spring.executeWithoutResult(
          status -> {
            LockedJob job = TestJobs.inject(qg, ctx, Job.of("Write"));
            assertThatThrownBy(() -> handler.work(job)).hasMessage("afterwards");
            assertThat(Effects.notes(ctx)).hasSize(2);
            job.error("afterwards");
            job.done();
            assertThat(Effects.notes(ctx)).isEmpty();
            status.setRollbackOnly();
          });

      qg.enqueue(Job.of("Write"));
      Worker worker = Worker.builder(qg, WorkMap.of("Write", handler)).build();
      assertThat(worker.workOne()).isTrue();
      assertThat(worker.workOne()).isTrue();
    }
    assertThat(Effects.notes(db.ctx())).containsExactly("by a method", "by a method");
  }

  private Flyway application(String... locations) {
    return Flyway.configure().dataSource(db.dataSource()).locations(locations).load();
  }
}
