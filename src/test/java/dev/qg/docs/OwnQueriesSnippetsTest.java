package dev.qg.docs;

import static dev.qg.docs.Shop.ORDERS;
import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.name;

import dev.qg.Job;
import dev.qg.Qg;
import dev.qg.WorkFunc;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.WorkerPool;
import dev.qg.WorkingJob;
import dev.qg.fixture.Effects;
import dev.qg.fixture.InThread;
import dev.qg.fixture.Logs;
import dev.qg.fixture.Migrations;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
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

/**
 * The examples of docs/your-own-queries.md run as they stand there; those that change jobs beside a
 * pool that works the same jobs, and one that is running all the while.
 */
class OwnQueriesSnippetsTest {

  private static final int ROUNDS = 20;
  private static final int JOBS_A_ROUND = 100;

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();
  @RegisterExtension final Logs logs = new Logs();

  /** Locks those of the jobs that nobody works, until the end of the transaction. */
  static Set<Long> lock(DSLContext tx, Collection<Long> ids) {
    Field<Long> id = field(name("job", "id"), SQLDataType.BIGINT);
    return tx.select(id)
        .from(DSL.unnest(ids.toArray(Long[]::new)).as("job", "id"))
        .where(function("pg_try_advisory_xact_lock", SQLDataType.BOOLEAN, id))
        .fetchSet(id);
  }

  /** Takes jobs out of the queue that nobody works, and tells which. */
  static List<Long> cancel(DSLContext ctx, Condition which) {
    List<Long> cancelled = new ArrayList<>();
    List<Long> ids = next(ctx, which, Long.MIN_VALUE);
    while (!ids.isEmpty()) {
      List<Long> chunk = ids;
      cancelled.addAll(
          ctx.transactionResult(
              cfg -> {
                DSLContext tx = DSL.using(cfg);
                Set<Long> locked = lock(tx, chunk);
                // A later statement: it sees what workers did before their locks were free.
                return tx.deleteFrom(QUE_JOBS)
                    .where(which)
                    .and(QUE_JOBS.JOB_ID.in(locked))
                    .returning(QUE_JOBS.JOB_ID)
                    .fetch(QUE_JOBS.JOB_ID);
              }));
      ids = next(ctx, which, chunk.get(chunk.size() - 1));
    }
    return cancelled;
  }

  /** The next chunk of jobs, a thousand at most: each lock takes room on the server. */
  static List<Long> next(DSLContext ctx, Condition which, long after) {
    return ctx.select(QUE_JOBS.JOB_ID)
        .from(QUE_JOBS)
        .where(which)
        .and(QUE_JOBS.JOB_ID.gt(after))
        .orderBy(QUE_JOBS.JOB_ID)
        .limit(1000)
        .fetch(QUE_JOBS.JOB_ID);
  }

  @Test
  void cancelsOneJob() {
    DSLContext ctx = db.ctx();
    long id = db.enqueue("SendReceipt");

    boolean cancelled =
        ctx.transactionResult(
            cfg -> {
              DSLContext tx = DSL.using(cfg);
              Set<Long> locked = lock(tx, Set.of(id));
              return tx.deleteFrom(QUE_JOBS).where(QUE_JOBS.JOB_ID.in(locked)).execute() > 0;
            });

    assertThat(cancelled).isTrue();
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void cancelsJobsThatThenDoNotRun() throws Exception {
    Beside beside = new Beside();
    beside.change(() -> cancel(db.ctx(), QUE_JOBS.JOB_CLASS.eq("Do")));

    assertThat(beside.changed).doesNotContainAnyElementsOf(beside.ran.keySet());
    assertThat(beside.changedOrRan()).isEqualTo(beside.enqueued);
    assertThat(Effects.notes(db.ctx())).hasSize(beside.ran.size());
  }

  @Test
  void changesArgumentsThatAreThoseThatRun() throws Exception {
    Beside beside = new Beside();
    beside.change(
        () -> {
          DSLContext ctx = db.ctx();
          Condition which = QUE_JOBS.ARGS.cast(JSONB.class).eq(JSONB.jsonb("[\"old\"]"));

          List<Long> ids = next(ctx, which, Long.MIN_VALUE);
          List<Long> changed =
              ctx.transactionResult(
                  cfg -> {
                    DSLContext tx = DSL.using(cfg);
                    Set<Long> locked = lock(tx, ids);
                    return tx.update(QUE_JOBS)
                        .set(QUE_JOBS.ARGS, JSON.json("[\"new\"]"))
                        .where(which)
                        .and(QUE_JOBS.JOB_ID.in(locked))
                        .returning(QUE_JOBS.JOB_ID)
                        .fetch(QUE_JOBS.JOB_ID);
                  });

          return changed;
        });

    Set<Long> ranWithNew = new HashSet<>(beside.ran.keySet());
    ranWithNew.removeIf(id -> !"[\"new\"]".equals(beside.ran.get(id)));
    // One that was changed waits or has run, but never with what it had before.
    assertThat(beside.ran.keySet()).isEqualTo(beside.enqueued);
    assertThat(ranWithNew).isEqualTo(Set.copyOf(beside.changed));
  }

  @Test
  void putsJobsOffThatThenDoNotRunBefore() throws Exception {
    Beside beside = new Beside();
    beside.change(
        () -> {
          DSLContext ctx = db.ctx();
          Condition which = QUE_JOBS.RUN_AT.le(currentOffsetDateTime());
          List<Long> ids = next(ctx, which, Long.MIN_VALUE);
          return ctx.transactionResult(
              cfg -> {
                DSLContext tx = DSL.using(cfg);
                Set<Long> locked = lock(tx, ids);
                return tx.update(QUE_JOBS)
                    .set(QUE_JOBS.RUN_AT, DSL.currentOffsetDateTime().plus(1))
                    .where(which)
                    .and(QUE_JOBS.JOB_ID.in(locked))
                    .returning(QUE_JOBS.JOB_ID)
                    .fetch(QUE_JOBS.JOB_ID);
              });
        });

    assertThat(beside.changed).doesNotContainAnyElementsOf(beside.ran.keySet());
    assertThat(beside.changedOrRan()).isEqualTo(beside.enqueued);
    assertThat(db.jobs()).extracting(QueJobsRecord::getJobId).hasSameElementsAs(beside.changed);
  }

  @Test
  void movesJobsToAnotherQueue() throws Exception {
    Beside beside = new Beside();
    beside.change(
        () -> {
          DSLContext ctx = db.ctx();
          Condition which = QUE_JOBS.QUEUE.eq("");
          List<Long> ids = next(ctx, which, Long.MIN_VALUE);
          return ctx.transactionResult(
              cfg -> {
                DSLContext tx = DSL.using(cfg);
                Set<Long> locked = lock(tx, ids);
                return tx.update(QUE_JOBS)
                    .set(QUE_JOBS.QUEUE, "slow")
                    .where(which)
                    .and(QUE_JOBS.JOB_ID.in(locked))
                    .returning(QUE_JOBS.JOB_ID)
                    .fetch(QUE_JOBS.JOB_ID);
              });
        });

    assertThat(beside.changed).doesNotContainAnyElementsOf(beside.ran.keySet());
    assertThat(beside.changedOrRan()).isEqualTo(beside.enqueued);
    assertThat(db.jobs()).extracting(QueJobsRecord::getQueue).containsOnly("slow");
  }

  @Test
  void cancelsMoreJobsThanTheServerHasRoomForTheirLocks() {
    // By default there is room for 64 locks times some hundred sessions.
    int many = 30_000;
    db.ctx()
        .execute(
            "insert into que_jobs (job_class) select 'Do' from generate_series(1, {0})",
            DSL.inline(many));

    assertThat(cancel(db.ctx(), QUE_JOBS.JOB_CLASS.eq("Do"))).hasSize(many);
    assertThat(db.jobs()).isEmpty();
  }

  @Test
  void rowLocksTellNothingOfRunningJobs() throws Exception {
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    long id = db.enqueue("Do");
    WorkMap map =
        WorkMap.of(
            "Do",
            job -> {
              running.countDown();
              release.await();
            });
    try (WorkerPool pool = WorkerPool.builder(db.qg(), map).count(1).build()) {
      pool.start();
      running.await();
      assertThat(db.ctx().selectFrom(QUE_JOBS).forUpdate().skipLocked().fetch())
          .extracting(QueJobsRecord::getJobId)
          .containsExactly(id);
      db.ctx()
          .transaction(cfg -> assertThat(lock(DSL.using(cfg), Set.of(id))).as("locked").isEmpty());
      release.countDown();
    }
  }

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
    assertThat(cancel(ctx, QUE_JOBS.JOB_CLASS.eq("Never"))).hasSize(1);
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

  /** A pool that works jobs while somebody changes them, and one of which runs all the while. */
  private final class Beside {

    final Map<Long, String> ran = new ConcurrentHashMap<>();
    final Set<Long> enqueued = new HashSet<>();
    final Collection<Long> changed = new ConcurrentLinkedQueue<>();

    private final CountDownLatch running = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    void change(Supplier<List<Long>> change) throws Exception {
      Effects.createTable(db.ctx());
      long first = enqueue(1, Job.of("First").withArgs("[\"old\"]")).get(0);
      WorkMap map =
          WorkMap.builder()
              .add(
                  "First",
                  job -> {
                    running.countDown();
                    release.await();
                    done(job.id(), job.args().data(), job.tx());
                  })
              .add("Do", job -> done(job.id(), job.args().data(), job.tx()))
              .build();
      WorkerPool pool =
          WorkerPool.builder(db.qg(), map)
              .count(4)
              .maxLocked(50)
              .interval(Duration.ofMillis(50))
              .build();
      pool.start();
      try {
        running.await();
        CountDownLatch all = new CountDownLatch(1);
        try (InThread changer =
            InThread.start(
                "changer",
                () -> {
                  while (all.getCount() > 0) {
                    changed.addAll(change.get());
                  }
                })) {
          for (int i = 0; i < ROUNDS; i++) {
            enqueue(JOBS_A_ROUND, Job.of("Do").withArgs("[\"old\"]"));
          }
          await().until(() -> ran.size() + changed.size() >= enqueued.size() - 1);
          all.countDown();
          assertThat(changer).isNotNull();
        }
        assertThat(changed).doesNotContain(first).doesNotHaveDuplicates();
        release.countDown();
        await().until(() -> ran.containsKey(first));
        await().until(this::isQuiet);
      } finally {
        release.countDown();
        pool.shutdown(Duration.ofSeconds(20));
      }
      assertThat(logs.alarms("job_lost")).isEmpty();
    }

    private boolean isQuiet() {
      return db.ctx()
              .fetchCount(
                  QUE_JOBS, QUE_JOBS.QUEUE.eq(""), QUE_JOBS.RUN_AT.le(currentOffsetDateTime()))
          == 0;
    }

    private void done(long id, String args, DSLContext tx) {
      Effects.write(tx, "done");
      assertThat(ran.put(id, args)).as("runs of job %d before", id).isNull();
    }

    private List<Long> enqueue(int count, Job job) {
      List<Long> ids = db.qg().enqueueAll(Collections.nCopies(count, job));
      enqueued.addAll(ids);
      return ids;
    }

    Set<Long> changedOrRan() {
      Set<Long> all = new HashSet<>(ran.keySet());
      all.addAll(changed);
      return all;
    }
  }
}
