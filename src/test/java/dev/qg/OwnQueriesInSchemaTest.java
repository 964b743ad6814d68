package dev.qg;

import static dev.qg.jooq.Tables.QG_DEAD_JOBS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.max;
import static org.jooq.impl.DSL.multiset;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.table;

import dev.qg.fixture.Migrations;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.QueJobs;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jooq.CommonTableExpression;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.Name;
import org.jooq.Record;
import org.jooq.Record1;
import org.jooq.Table;
import org.jooq.VisitContext;
import org.jooq.VisitListener;
import org.jooq.conf.MappedSchema;
import org.jooq.conf.MappedTable;
import org.jooq.conf.RenderMapping;
import org.jooq.conf.Settings;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An application's own queries reach the tables of the client's schema, which is not on the search
 * path, whatever their form; its own tables stay where they are.
 */
class OwnQueriesInSchemaTest {

  private static final String SCHEMA = "Tenant \"A\"";
  private static final Field<Long> FOR_JOB = field(name("for_job"), SQLDataType.BIGINT);
  private static final Table<Record> ORDERS = table(name("orders"));

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private Qg qg;
  private DSLContext ctx;
  private long one;
  private long two;

  @BeforeEach
  void twoJobsThereAndOneInPublic() {
    Migrations.flyway(db.dataSource()).defaultSchema(SCHEMA).load().migrate();
    qg = db.closeLater(Qg.builder(db.dataSource()).schema(SCHEMA).build());
    ctx = DSL.using(qg.derive(db.ctx().configuration()));
    db.ctx().execute("create table orders (for_job bigint)");
    db.enqueue("InPublic");
    one = qg.enqueue(Job.of("One").withPriority(1));
    two = qg.enqueue(Job.of("Two"));
    ctx.insertInto(ORDERS).set(FOR_JOB, two).execute();
  }

  @Test
  void select() {
    assertThat(ctx.fetchCount(QUE_JOBS)).isEqualTo(2);
    assertThat(ctx.fetchExists(QUE_JOBS, QUE_JOBS.JOB_CLASS.eq("InPublic"))).isFalse();
    assertThat(ctx.selectFrom(QUE_JOBS).orderBy(QUE_JOBS.PRIORITY).fetch(QUE_JOBS.JOB_ID))
        .containsExactly(one, two);
    assertThat(ctx.select(QUE_JOBS.JOB_CLASS, count()).from(QUE_JOBS).groupBy(QUE_JOBS.JOB_CLASS))
        .hasSize(2);
    assertThat(ctx.select(QUE_JOBS.asterisk()).from(QUE_JOBS).forUpdate().skipLocked().fetch())
        .hasSize(2);
    assertThat(ctx.select(QUE_JOBS).from(QUE_JOBS).where(QUE_JOBS.JOB_ID.eq(one)).fetchSingle())
        .extracting(row -> row.value1().getJobClass())
        .isEqualTo("One");
    assertThat(ctx.fetchCount(QG_DEAD_JOBS)).isZero();
  }

  @Test
  void joinsAliasesAndSubqueries() {
    QueJobs jobs = QUE_JOBS.as("j");
    assertThat(ctx.select(jobs.JOB_CLASS).from(jobs).where(jobs.JOB_ID.eq(one)).fetch()).hasSize(1);
    assertThat(
            ctx.select(QUE_JOBS.JOB_CLASS)
                .from(ORDERS)
                .join(QUE_JOBS)
                .on(QUE_JOBS.JOB_ID.eq(FOR_JOB))
                .fetch(QUE_JOBS.JOB_CLASS))
        .containsExactly("Two");
    assertThat(
            ctx.select(jobs.JOB_CLASS)
                .from(QUE_JOBS)
                .leftJoin(jobs)
                .on(jobs.PRIORITY.lt(QUE_JOBS.PRIORITY))
                .where(QUE_JOBS.JOB_ID.eq(two))
                .fetch(jobs.JOB_CLASS))
        .containsExactly("One");
    assertThat(
            ctx.select(FOR_JOB)
                .from(ORDERS)
                .where(FOR_JOB.in(DSL.select(QUE_JOBS.JOB_ID).from(QUE_JOBS)))
                .fetch(FOR_JOB))
        .containsExactly(two);
    assertThat(
            ctx.select(
                    FOR_JOB,
                    multiset(
                        DSL.select(QUE_JOBS.JOB_CLASS)
                            .from(QUE_JOBS)
                            .where(QUE_JOBS.JOB_ID.eq(FOR_JOB))))
                .from(ORDERS)
                .fetchSingle()
                .value2())
        .hasSize(1);
    Table<?> derived = DSL.select(max(QUE_JOBS.JOB_ID).as("id")).from(QUE_JOBS).asTable("latest");
    assertThat(ctx.select(derived.field("id", Long.class)).from(derived).fetchSingle().value1())
        .isEqualTo(two);
  }

  @Test
  void derivedFromTheTable() {
    assertThat(ctx.selectFrom(QUE_JOBS.where(QUE_JOBS.PRIORITY.eq((short) 1))).fetch())
        .extracting(QueJobsRecord::getJobId)
        .containsExactly(one);
    QueJobs jobs = QUE_JOBS.as("j");
    assertThat(ctx.selectFrom(jobs.where(jobs.PRIORITY.eq((short) 1))).fetch()).hasSize(1);
  }

  @Test
  void commonTableExpressions() {
    CommonTableExpression<Record1<Long>> urgent =
        name("urgent")
            .as(DSL.select(QUE_JOBS.JOB_ID).from(QUE_JOBS).where(QUE_JOBS.PRIORITY.le((short) 1)));
    assertThat(ctx.with(urgent).selectFrom(urgent).fetch()).hasSize(1);
    assertThat(
            ctx.with(urgent)
                .delete(QUE_JOBS)
                .where(QUE_JOBS.JOB_ID.in(DSL.select(urgent.field(QUE_JOBS.JOB_ID)).from(urgent)))
                .execute())
        .isEqualTo(1);
  }

  @Test
  void writes() {
    assertThat(
            ctx.insertInto(QUE_JOBS)
                .set(QUE_JOBS.JOB_CLASS, "Three")
                .returning(QUE_JOBS.JOB_ID)
                .fetchSingle()
                .getJobId())
        .isGreaterThan(two);
    assertThat(
            ctx.update(QUE_JOBS)
                .set(QUE_JOBS.PRIORITY, QUE_JOBS.PRIORITY.plus(inline((short) 1)))
                .where(QUE_JOBS.JOB_ID.eq(one))
                .returningResult(QUE_JOBS.PRIORITY)
                .fetchSingle()
                .value1())
        .isEqualTo((short) 2);
    assertThat(
            ctx.update(QUE_JOBS)
                .set(QUE_JOBS.ARGS, JSON.json("[1]"))
                .from(ORDERS)
                .where(QUE_JOBS.JOB_ID.eq(FOR_JOB))
                .execute())
        .isEqualTo(1);
    assertThat(
            ctx.deleteFrom(QUE_JOBS)
                .using(ORDERS)
                .where(QUE_JOBS.JOB_ID.eq(FOR_JOB))
                .returning()
                .fetchSingle()
                .getJobClass())
        .isEqualTo("Two");
    assertThat(
            ctx.insertInto(QUE_JOBS)
                .columns(QUE_JOBS.JOB_CLASS)
                .select(DSL.select(QUE_JOBS.JOB_CLASS).from(QUE_JOBS))
                .execute())
        .isEqualTo(2);
    QueJobsRecord record = ctx.newRecord(QUE_JOBS);
    record.setJobClass("Record");
    record.insert();
    assertThat(ctx.batchInsert(newRecord()).execute()).containsExactly(1);
    assertThat(
            ctx.insertInto(QUE_JOBS)
                .set(newRecord())
                .onConflict(QUE_JOBS.QUEUE, QUE_JOBS.PRIORITY, QUE_JOBS.RUN_AT, QUE_JOBS.JOB_ID)
                .doUpdate()
                .set(QUE_JOBS.ERROR_COUNT, QUE_JOBS.ERROR_COUNT.plus(1))
                .execute())
        .isEqualTo(1);
    assertThat(db.jobs()).extracting(QueJobsRecord::getJobClass).containsExactly("InPublic");
  }

  private static QueJobsRecord newRecord() {
    QueJobsRecord record = QUE_JOBS.newRecord();
    record.setJobClass("Record");
    return record;
  }

  @Test
  void inAJobsTransaction() {
    AtomicInteger seen = new AtomicInteger();
    Worker worker =
        Worker.builder(
                qg,
                WorkMap.builder()
                    .add("One", job -> seen.set(job.tx().fetchCount(QUE_JOBS)))
                    .add(
                        "Two",
                        job ->
                            job.tx()
                                .transaction(
                                    tx -> seen.addAndGet(10 * DSL.using(tx).fetchCount(QUE_JOBS))))
                    .build())
            .build();
    while (worker.workOne()) {}
    assertThat(seen).hasValue(12);
  }

  @Test
  void keepsTheListenersOfTheConfiguration() {
    List<String> visited = new ArrayList<>();
    VisitListener own =
        VisitListener.onVisitStart(
            (VisitContext context) -> {
              if (context.queryPart() == ORDERS) {
                visited.add("orders");
              }
            });
    DSLContext listening = DSL.using(qg.derive(db.ctx().configuration().derive(own)));
    assertThat(listening.fetchCount(ORDERS)).isEqualTo(1);
    assertThat(listening.fetchCount(QUE_JOBS)).isEqualTo(2);
    assertThat(visited).isNotEmpty();
  }

  @Test
  void canBeDerivedTwice() {
    assertThat(DSL.using(qg.derive(ctx.configuration())).fetchCount(QUE_JOBS)).isEqualTo(2);
  }

  @Test
  void isSurerThanAMappingOfTheApplication() {
    Settings settings =
        new Settings()
            .withRenderMapping(
                new RenderMapping()
                    .withSchemata(
                        new MappedSchema()
                            .withInput("")
                            .withTables(
                                new MappedTable().withInput("que_jobs").withOutput("nothing"))));
    assertThat(DSL.using(qg.derive(db.ctx().configuration().derive(settings))).fetchCount(QUE_JOBS))
        .isEqualTo(2);
  }

  @Test
  void leavesTheApplicationsOwnTablesOfThatName() {
    Name here = name("que_jobs");
    assertThat(ctx.fetchCount(table(name("public", "que_jobs")))).isEqualTo(1);
    assertThat(ctx.fetchCount(table(here))).isEqualTo(1);
    assertThat(ctx.with(here.as(selectOne())).selectFrom(table(here)).fetch()).hasSize(1);
  }

  @Test
  void changesNothingWithoutASchema() {
    assertThat(db.qg().derive(db.ctx().configuration()).visitListenerProviders()).isEmpty();
    assertThat(DSL.using(db.qg().derive(db.ctx().configuration())).fetchCount(QUE_JOBS)).isOne();
  }
}
