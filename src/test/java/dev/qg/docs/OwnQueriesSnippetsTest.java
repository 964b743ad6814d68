package dev.qg.docs;

import static dev.qg.jooq.Tables.QUE_JOBS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.function;
import static org.jooq.impl.DSL.name;

import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import dev.qg.fixture.Effects;
import dev.qg.fixture.Logs;
import dev.qg.fixture.TestDatabase;
import dev.qg.jooq.tables.records.QueJobsRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.JSONB;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The examples of docs/your-own-queries.md run as they stand there; those that change jobs beside a
 * pool that works the same jobs, and one that is running all the while.
 */
class OwnQueriesSnippetsTest {

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
    Beside beside = new Beside(db, logs);
    beside.change(() -> cancel(db.ctx(), QUE_JOBS.JOB_CLASS.eq("Do")));

    assertThat(beside.changed).doesNotContainAnyElementsOf(beside.ran.keySet());
    assertThat(beside.changedOrRan()).isEqualTo(beside.enqueued);
    assertThat(Effects.notes(db.ctx())).hasSize(beside.ran.size());
  }

  @Test
  void changesArgumentsThatAreThoseThatRun() throws Exception {
    Beside beside = new Beside(db, logs);
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
    Beside beside = new Beside(db, logs);
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
    Beside beside = new Beside(db, logs);
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
}
