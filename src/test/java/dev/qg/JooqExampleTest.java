package dev.qg;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.count;

import dev.qg.fixture.TestDatabase;
import org.jooq.DSLContext;
import org.jooq.Record2;
import org.jooq.Result;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What an application with jOOQ writes, word for word as the documentation has it. */
class JooqExampleTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void enqueuesInATransactionOfJooq() {
    DSLContext ctx = db.ctx();
    Qg qg = Qg.create(db.dataSource());
    Job job = Job.of("SendReceipt").withArgs("[42]");

    ctx.transaction(cfg -> qg.enqueue(DSL.using(cfg), job));

    assertThat(db.jobs())
        .singleElement()
        .returns("SendReceipt", row -> row.getJobClass())
        .returns("[42]", row -> row.getArgs().data());
  }

  @Test
  void returnsTheIdFromATransactionWithAResult() {
    DSLContext ctx = db.ctx();
    Qg qg = db.qg();

    long id = ctx.transactionResult(cfg -> qg.enqueue(cfg, Job.of("SendReceipt")));

    assertThat(db.job(id).getJobClass()).isEqualTo("SendReceipt");
  }

  @Test
  void queriesTheQueueWithTheGeneratedTable() {
    db.qg().enqueue(Job.of("SendReceipt").withQueue("mail").withArgs("{\"order\": 42}"));
    db.qg().enqueue(Job.of("SendReceipt").withQueue("mail").withArgs("{\"order\": 43}"));
    db.qg().enqueue(Job.of("SendReminder").withQueue("mail"));
    DSLContext ctx = db.ctx();

    Result<Record2<String, Integer>> waiting =
        ctx.select(QUE_JOBS.JOB_CLASS, count())
            .from(QUE_JOBS)
            .where(QUE_JOBS.QUEUE.eq("mail"))
            .and(QUE_JOBS.ERROR_COUNT.eq(0))
            .groupBy(QUE_JOBS.JOB_CLASS)
            .orderBy(QUE_JOBS.JOB_CLASS)
            .fetch();
    assertThat(waiting.intoMap(QUE_JOBS.JOB_CLASS, count()))
        .containsEntry("SendReceipt", 2)
        .containsEntry("SendReminder", 1);
  }
}
