package dev.qg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.JobNotice;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jooq.DSLContext;
import org.jooq.TransactionalRunnable;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With the client's listener, workers of this JVM are told of jobs after jOOQ's commit. */
class TransactionListenerTest {

  private static final Job JOB = Job.of("MyJob");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private final List<String> told = new ArrayList<>();
  private DSLContext ctx;

  @BeforeEach
  void listen() {
    ctx = DSL.using(db.ctx().configuration().derive(db.qg().transactionListener()));
    db.qg().core().wakeUps.register(this::hear);
  }

  private void hear(JobNotice notice) {
    assertThat(db.jobs()).as("committed jobs").isNotEmpty();
    told.add(notice.queue());
  }

  @Test
  void tellsOfAllWaysToEnqueueAfterTheCommit() {
    ctx.transaction(
        cfg -> {
          db.qg().enqueue(cfg, JOB.withQueue("a"));
          db.qg().enqueue(DSL.using(cfg), JOB.withQueue("b"));
          db.qg().enqueueAll(cfg, List.of(JOB.withQueue("c"), JOB.withQueue("c")));
          db.qg().enqueue(cfg.derive(), JOB.withQueue("d"));
          assertThat(told).isEmpty();
        });

    assertThat(told).containsExactlyInAnyOrder("a", "b", "c", "d");
  }

  @Test
  void tellsNothingOfWhatIsRolledBack() {
    assertThatThrownBy(() -> ctx.transaction(undone("a"))).hasMessage("undo");

    ctx.transaction(cfg -> {});
    assertThat(told).isEmpty();
  }

  @Test
  void tellsOfNestedTransactionsWithTheOuterOne() {
    ctx.transaction(
        cfg -> {
          db.qg().enqueue(cfg, JOB.withQueue("before"));
          cfg.dsl()
              .transaction(
                  nested -> {
                    db.qg().enqueue(nested, JOB.withQueue("nested"));
                    nested.dsl().transaction(in -> db.qg().enqueue(in, JOB.withQueue("inner")));
                    assertThatThrownBy(() -> nested.dsl().transaction(undone("undone inner")))
                        .hasMessage("undo");
                  });
          assertThatThrownBy(() -> cfg.dsl().transaction(undone("undone"))).hasMessage("undo");
          assertThatThrownBy(
                  () ->
                      cfg.dsl()
                          .transaction(
                              nested -> {
                                nested.dsl().transaction(in -> db.qg().enqueue(in, JOB));
                                throw new IllegalStateException("undo");
                              }))
              .hasMessage("undo");
          db.qg().enqueue(cfg, JOB.withQueue("after"));
          assertThat(told).isEmpty();
        });

    assertThat(told).containsExactlyInAnyOrder("before", "nested", "inner", "after");
    assertThat(db.jobs()).hasSize(4);
  }

  @Test
  void keepsTransactionsApart() {
    ctx.transaction(
        one -> {
          db.qg().enqueue(one, JOB.withQueue("one"));
          ctx.transaction(two -> db.qg().enqueue(two, JOB.withQueue("two")));
          assertThat(told).containsExactly("two");
        });

    assertThat(told).containsExactly("two", "one");
  }

  @Test
  void tellsOnlyTheClientThatEnqueued() {
    List<JobNotice> others = new ArrayList<>();
    try (Qg other = Qg.create(db.dataSource())) {
      other.core().wakeUps.register(others::add);
      DSL.using(
              ctx.configuration()
                  .derive(
                      other.transactionListener(),
                      db.qg().transactionListener(),
                      db.qg().transactionListener()))
          .transaction(cfg -> db.qg().enqueue(cfg, JOB.withQueue("a")));
    }

    assertThat(others).isEmpty();
    assertThat(told).contains("a").containsOnly("a");
  }

  @Test
  void isBoundedInWhatItKeeps() {
    ctx.transaction(
        cfg -> IntStream.range(0, 500).forEach(i -> db.qg().enqueue(cfg, JOB.withQueue("q" + i))));

    assertThat(told).hasSizeLessThan(101).contains((String) null);
  }

  private TransactionalRunnable undone(String queue) {
    return cfg -> {
      db.qg().enqueue(cfg, JOB.withQueue(queue));
      throw new IllegalStateException("undo");
    };
  }
}
