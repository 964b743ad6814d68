package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.TransactionContext;
import org.jooq.TransactionProvider;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** A job that is enqueued by itself, while its thread has a transaction open, is warned of once. */
class TransactionWarningTest {

  private static final Job JOB = Job.of("MyJob");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  private DSLContext ctx;
  private TransactionTemplate spring;

  @BeforeEach
  void bind() {
    ctx = DSL.using(db.ctx().configuration().derive(db.qg().transactionListener()));
    spring = new TransactionTemplate(new DataSourceTransactionManager(db.dataSource()));
  }

  private List<ILoggingEvent> warnings() {
    return logs.alarms("enqueued_beside_transaction");
  }

  @Test
  void comesOnceWithinATransactionOfJooq() {
    ctx.transaction(
        cfg -> {
          db.qg().enqueue(JOB);
          db.qg().enqueue(JOB);
          db.qg().enqueueAll(List.of(JOB));
        });

    assertThat(warnings())
        .singleElement()
        .satisfies(entry -> assertThat(entry.getThrowableProxy().getMessage()).contains("here"));
  }

  @Test
  void comesForManyJobsToo() {
    ctx.transaction(cfg -> db.qg().enqueueAll(List.of(JOB)));

    assertThat(warnings()).hasSize(1);
  }

  @Test
  void comesAfterANestedTransactionHasEnded() {
    ctx.transaction(
        cfg -> {
          cfg.dsl().transaction(nested -> {});
          assertThatThrownBy(() -> cfg.dsl().transaction(nested -> fail())).hasMessage("undo");
          assertThat(warnings()).isEmpty();
          db.qg().enqueue(JOB);
        });

    assertThat(warnings()).hasSize(1);
  }

  @Test
  void doesNotComeWithoutATransaction() {
    ctx.transaction(cfg -> db.qg().enqueue(cfg, JOB));
    assertThatThrownBy(() -> ctx.transaction(cfg -> fail())).hasMessage("undo");
    assertThatThrownBy(() -> whoseCommitFails().transaction(cfg -> {})).hasMessage("commit");
    ctx.transaction(cfg -> InThread.start("other", () -> db.qg().enqueue(JOB)).join());
    spring.executeWithoutResult(status -> {});
    spring.setPropagationBehavior(TransactionDefinition.PROPAGATION_SUPPORTS);
    spring.executeWithoutResult(status -> db.qg().enqueue(JOB));
    db.qg().enqueue(JOB);
    db.qg().enqueueAll(List.of(JOB));

    assertThat(warnings()).isEmpty();
  }

  @Test
  void comesOnceWithinATransactionOfSpring() {
    spring.executeWithoutResult(
        status -> {
          db.qg().enqueue(JOB);
          db.qg().enqueue(JOB);
        });

    assertThat(warnings()).hasSize(1);
  }

  @Test
  void doesNotComeWithinATransactionOnAnotherDataSource() {
    new TransactionTemplate(new DataSourceTransactionManager(db.pool(1)))
        .executeWithoutResult(status -> db.qg().enqueue(JOB));

    assertThat(warnings()).isEmpty();
  }

  private static void fail() {
    throw new IllegalStateException("undo");
  }

  /** jOOQ tells of the end of such a transaction twice. */
  private DSLContext whoseCommitFails() {
    Configuration configuration = ctx.configuration();
    TransactionProvider real = configuration.transactionProvider();
    return DSL.using(
        configuration.derive(
            new TransactionProvider() {
              @Override
              public void begin(TransactionContext context) {
                real.begin(context);
              }

              @Override
              public void commit(TransactionContext context) {
                throw new IllegalStateException("commit");
              }

              @Override
              public void rollback(TransactionContext context) {
                real.rollback(context);
              }
            }));
  }
}
