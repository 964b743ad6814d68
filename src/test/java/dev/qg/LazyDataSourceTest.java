package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.qg.fixture.Effects;
import dev.qg.fixture.TestDatabase;
import dev.qg.fixture.Way;
import java.util.Collections;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * A client on Spring's proxy that takes connections late: each is still a connection of its own.
 */
class LazyDataSourceTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private LazyConnectionDataSourceProxy lazy;
  private Qg qg;

  @BeforeEach
  void createClient() {
    Effects.createTable(db.ctx());
    lazy = new LazyConnectionDataSourceProxy(db.dataSource());
    qg = db.closeLater(Qg.create(lazy));
  }

  @ParameterizedTest
  @EnumSource
  void worksJobs(Way way) throws Exception {
    qg.enqueueAll(Collections.nCopies(20, Job.of("Write")));
    WorkMap handlers = WorkMap.of("Write", job -> Effects.write(job.tx(), "" + job.id()));

    way.start(qg, handlers, "", "").during(() -> await().until(() -> db.jobs().isEmpty()));

    assertThat(Effects.notes(db.ctx())).hasSize(20).doesNotHaveDuplicates();
  }

  @Test
  void leavesTransactionsAlone() {
    var ctx = DSL.using(new TransactionAwareDataSourceProxy(lazy), SQLDialect.POSTGRES);

    new TransactionTemplate(new DataSourceTransactionManager(lazy))
        .executeWithoutResult(
            status -> {
              qg.enqueue(Job.of("Beside"));
              Effects.write(ctx, "undone");
              qg.enqueue(ctx, Job.of("Undone"));
              qg.enqueue(Job.of("Beside"));
              status.setRollbackOnly();
            });

    assertThat(db.jobs()).extracting(job -> job.getJobClass()).containsOnly("Beside").hasSize(2);
    assertThat(Effects.notes(db.ctx())).isEmpty();
  }
}
