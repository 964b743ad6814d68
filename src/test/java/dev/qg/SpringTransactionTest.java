package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.TestDatabase;
import java.util.Collections;
import java.util.List;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** Jobs take part in transactions that Spring binds to the thread. */
class SpringTransactionTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private TransactionTemplate spring;
  private DSLContext ctx;

  @BeforeEach
  void bind() {
    spring = new TransactionTemplate(new DataSourceTransactionManager(db.dataSource()));
    ctx = DSL.using(new TransactionAwareDataSourceProxy(db.dataSource()), SQLDialect.POSTGRES);
  }

  @Test
  void commitsWithTheTransaction() {
    spring.executeWithoutResult(
        status -> {
          db.qg().enqueue(ctx, Job.of("One"));
          db.qg().enqueueAll(ctx, Collections.nCopies(600, Job.of("Copied")));
          assertThat(ctx.fetchCount(QUE_JOBS)).isEqualTo(601);
          assertThat(db.jobs()).isEmpty();
        });

    assertThat(db.jobs()).hasSize(601);
  }

  @Test
  void rollsBackWithTheTransaction() {
    spring.executeWithoutResult(
        status -> {
          db.qg().enqueue(ctx, Job.of("One"));
          db.qg().enqueueAll(ctx, Collections.nCopies(600, Job.of("Copied")));
          status.setRollbackOnly();
        });

    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void rollsBackWithANestedTransactionAlone() {
    spring.setPropagationBehavior(TransactionDefinition.PROPAGATION_NESTED);

    spring.executeWithoutResult(
        outer -> {
          db.qg().enqueue(ctx, Job.of("Kept"));
          spring.executeWithoutResult(
              inner -> {
                db.qg().enqueue(ctx, Job.of("Dropped"));
                inner.setRollbackOnly();
              });
        });

    assertThat(db.jobs()).singleElement().returns("Kept", job -> job.getJobClass());
  }

  @Test
  void takesTheConnectionThatSpringHasBound() {
    spring.executeWithoutResult(
        status -> {
          db.qg().enqueue(DataSourceUtils.getConnection(db.dataSource()), Job.of("MyJob"));
          status.setRollbackOnly();
        });

    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void commitsByItselfOutsideOfTransactions() {
    db.qg().enqueue(ctx, Job.of("One"));
    db.qg().enqueueAll(ctx, List.of(Job.of("Two"), Job.of("Three")));

    assertThat(db.jobs()).hasSize(3);
  }

  @Test
  void aClientOnATransactionAwareDataSourceIsRefused() {
    DataSource proxy = new TransactionAwareDataSourceProxy(db.dataSource());

    for (DataSource refused :
        List.of(
            proxy,
            new TransactionAwareDataSourceProxy(new LazyConnectionDataSourceProxy(db.dataSource())),
            new LazyConnectionDataSourceProxy(proxy),
            new DelegatingDataSource(proxy))) {
      assertThatThrownBy(() -> Qg.create(refused))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the connection pool itself");
    }
  }

  @Test
  void aHiddenTransactionIsNotCommitted() {
    Qg careless =
        Qg.create(
            new DelegatingDataSource(new TransactionAwareDataSourceProxy(db.dataSource())) {
              @Override
              public boolean isWrapperFor(Class<?> type) {
                return false;
              }
            });

    spring.executeWithoutResult(
        status -> {
          db.qg().enqueue(ctx, Job.of("Undone"));
          assertThatThrownBy(() -> careless.enqueue(Job.of("Refused")))
              .isInstanceOf(DataAccessException.class)
              .hasMessageContaining("from the pool itself");
          status.setRollbackOnly();
        });

    assertThat(db.jobs()).isEmpty();
  }
}
