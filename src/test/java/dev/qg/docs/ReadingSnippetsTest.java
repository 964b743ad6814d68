package dev.qg.docs;

import static dev.qg.docs.Shop.ORDERS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.function;

import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkingJob;
import dev.qg.fixture.Migrations;
import dev.qg.fixture.TestDatabase;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jooq.Condition;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.DatePart;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.JSONB;
import org.jooq.Record2;
import org.jooq.Result;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples of docs/your-own-queries.md that read jobs run as they stand there. */
class ReadingSnippetsTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @Test
  void readsHowLongJobsHaveWaited() {
    DSLContext ctx = db.ctx();
    db.qg().enqueue(Job.of("SendReceipt").withRunAt(Instant.now().minusSeconds(90)));

    Field<Integer> seconds =
        DSL.extract(currentOffsetDateTime().minus(QUE_JOBS.RUN_AT), DatePart.EPOCH);
    Result<Record2<String, Integer>> oldest =
        ctx.select(QUE_JOBS.JOB_CLASS, DSL.max(seconds))
            .from(QUE_JOBS)
            .where(QUE_JOBS.RUN_AT.le(currentOffsetDateTime()))
            .groupBy(QUE_JOBS.JOB_CLASS)
            .fetch();

    assertThat(oldest).singleElement().extracting(Record2::value2).isEqualTo(90);
  }

  @Test
  void findsJobsByTheirArguments() {
    DSLContext ctx = db.ctx();
    db.qg().enqueue(Job.of("SendReceipt").withArgs("[ 42 ]"));
    db.qg().enqueue(Job.of("SendReceipt").withArgs("{\"order\": 42}"));
    assertThatThrownBy(() -> ctx.fetchCount(QUE_JOBS, QUE_JOBS.ARGS.eq(JSON.json("[ 42 ]"))))
        .isInstanceOf(DataAccessException.class);

    Condition equal = QUE_JOBS.ARGS.cast(SQLDataType.JSONB).eq(JSONB.jsonb("[42]"));
    Condition order = DSL.jsonGetAttributeAsText(QUE_JOBS.ARGS, "order").eq("42");

    assertThat(ctx.fetchCount(QUE_JOBS, equal)).isOne();
    assertThat(ctx.fetchCount(QUE_JOBS, order)).isOne();
  }

  @Test
  void readsPastTimesThatJavaDoesNotHave() {
    DSLContext ctx = db.ctx();
    db.enqueue("Do");
    ctx.execute("insert into que_jobs (job_class, run_at) values ('Never', 'infinity')");
    assertThatThrownBy(() -> ctx.selectFrom(QUE_JOBS).fetch())
        .isInstanceOf(DataAccessException.class);

    Condition readable = function("isfinite", SQLDataType.BOOLEAN, QUE_JOBS.RUN_AT).isTrue();

    assertThat(ctx.selectFrom(QUE_JOBS).where(readable).fetch()).hasSize(1);
    assertThat(ctx.select(QUE_JOBS.JOB_CLASS, count()).from(QUE_JOBS).groupBy(QUE_JOBS.JOB_CLASS))
        .hasSize(2);
    assertThat(OwnQueriesSnippetsTest.cancel(ctx, QUE_JOBS.JOB_CLASS.eq("Never"))).hasSize(1);
  }

  @Test
  void readsTheJobsOfATenant() {
    Migrations.flyway(db.dataSource()).defaultSchema("tenant_a").load().migrate();
    Shop.createTables(db.ctx());
    DSLContext ctx = db.ctx();
    DataSource dataSource = db.dataSource();

    Qg qg = Qg.builder(dataSource).schema("tenant_a").build();
    Configuration tenant = qg.derive(ctx.configuration());
    qg.enqueue(Job.of("SendReceipt").withArgs("[42]"));

    int waiting = DSL.using(tenant).fetchCount(QUE_JOBS, QUE_JOBS.JOB_CLASS.eq("SendReceipt"));

    assertThat(waiting).isOne();
    assertThat(DSL.using(tenant).fetchCount(ORDERS)).isZero();
    assertThat(db.jobs()).isEmpty();
    qg.close();
  }

  /** With ranges as in docs/guarantees.md. */
  @Test
  void tenantsWithRangesOfIdsDoNotShareLocks() {
    Document guarantees = Document.read("docs/guarantees.md");
    Migrations.flyway(db.dataSource()).defaultSchema("tenant_a").load().migrate();
    try (Qg here = Qg.create(db.dataSource());
        Qg there = Qg.builder(db.dataSource()).schema("tenant_a").build()) {
      long same = there.enqueue(Job.of("There"));
      assertThat(here.enqueue(Job.of("Here"))).as("the same id").isEqualTo(same);
      try (var held = there.lockJob("").orElseThrow()) {
        // The lock carries no schema: nobody can tell whose job it is.
        assertThat(here.working()).extracting(WorkingJob::id).containsExactly(held.id());
        assertThat(here.lockJob("")).as("it waits for the other tenant's").isEmpty();
      }

      DSLContext session = db.session();
      session.execute("set search_path to tenant_a");
      session.execute(guarantees.sql("RESTART WITH"));
      there.enqueueAll(Collections.nCopies(500, Job.of("There").withQueue("more")));
      Set<Long> ids = new HashSet<>(there.enqueueAll(List.of(Job.of("T").withQueue("more"))));
      ids.addAll(here.enqueueAll(List.of(Job.of("H").withQueue("more"))));
      assertThat(ids).hasSize(2).anyMatch(id -> id > 1_000_000_000_000L);
      try (var held = there.lockJob("more").orElseThrow()) {
        assertThat(held.id()).isGreaterThan(1_000_000_000_000L);
        assertThat(here.working()).isEmpty();
      }
    }
  }

  /** An id can come back, as after a restore; a key of the application's doesn't. */
  @Test
  void aKeyThatDoesNotComeBack() {
    Qg qg = db.qg();
    Map<Long, Set<String>> keys = new ConcurrentHashMap<>();

    Job job = Job.of("Charge").withArgs("[42, \"" + UUID.randomUUID() + "\"]");
    qg.enqueue(job);

    WorkFunc charge =
        locked ->
            keys.computeIfAbsent(locked.id(), id -> new HashSet<>()).add(locked.args().data());
    Worker worker = Worker.builder(qg, WorkMap.of("Charge", charge)).build();
    assertThat(worker.workOne()).isTrue();
    db.ctx().execute("alter sequence que_jobs_job_id_seq restart");
    qg.enqueue(Job.of("Charge").withArgs("[42, \"" + UUID.randomUUID() + "\"]"));
    assertThat(worker.workOne()).isTrue();

    assertThat(keys.values()).singleElement().satisfies(seen -> assertThat(seen).hasSize(2));
  }
}
