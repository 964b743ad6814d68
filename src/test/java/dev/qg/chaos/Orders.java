package dev.qg.chaos;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.table;

import dev.qg.Job;
import dev.qg.LockedJob;
import dev.qg.Qg;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jooq.Configuration;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.JSON;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * What a run is about. A producer writes an order and enqueues its job in one transaction. The
 * job's handler makes a call, which is a row that it commits by itself. If the order has an even
 * number, it then writes an effect through the job's transaction; if not, the job has none. A
 * handler that fails on purpose notes a failure in place of the call. No constraint hides what must
 * not be.
 */
final class Orders {

  /** The type of the jobs that are retried until they succeed. */
  static final String TYPE = "Order";

  /** The type of those that die, are revived, and then succeed. */
  static final String MORTAL = "MortalOrder";

  /** The type of those that die, and that nobody revives. */
  static final String HOPELESS = "HopelessOrder";

  /** After how many failures a job dies, if it may. */
  static final int MAX_ATTEMPTS = 3;

  private static final Table<?> EFFECTS = table(name("effects"));
  private static final Table<?> CALLS = table(name("calls"));
  private static final Table<?> FAILURES = table(name("failures"));
  private static final Field<Long> ORDER = field(name("order_id"), SQLDataType.BIGINT);
  private static final Field<Long> JOB = field(name("job_id"), SQLDataType.BIGINT);
  private static final Field<Integer> ATTEMPT = field(name("attempt"), SQLDataType.INTEGER);
  private static final Field<String> QUEUE = field(name("queue"), SQLDataType.CLOB);
  private static final Field<Short> PRIORITY = field(name("priority"), SQLDataType.SMALLINT);

  /** Made beforehand, as to make it needs memory. */
  private static final Executor HERE = Runnable::run;

  private Orders() {}

  /**
   * One run of a handler.
   *
   * @param errors how often the job has failed before
   */
  record Attempt(long order, long job, int errors, String queue, short priority) {

    static Attempt of(LockedJob job) {
      return new Attempt(
          Orders.order(job.args()), job.id(), job.errorCount(), job.queue(), job.priority());
    }
  }

  static void createTables(DSLContext ctx) {
    // The time from which the job is due, if it was scheduled.
    ctx.execute(
        "create table orders (order_id bigint not null, job_id bigint not null,"
            + " queue text not null, priority smallint not null, due timestamptz)");
    ctx.execute("create index on orders (job_id)");
    ctx.execute("create table effects (order_id bigint not null, job_id bigint not null)");
    ctx.execute(
        "create table calls (order_id bigint not null, job_id bigint not null,"
            + " attempt int not null, queue text not null, priority smallint not null,"
            + " at timestamptz not null default clock_timestamp())");
    ctx.execute("create table failures (like calls including defaults)");
    ctx.execute(
        "create view attempts as select *, false as failed from calls"
            + " union all select *, true from failures");
    // What was revived, and how it had died.
    ctx.execute(
        "create table revivals (job_id bigint not null, died_at timestamptz not null,"
            + " error_count int not null)");
    ctx.execute("create index on revivals (job_id)");
    // What a producer heard: the answer to its commit, or to its rollback.
    ctx.execute("create table answers (order_id bigint not null, committed boolean not null)");
    // When something struck, and when the last that came of it was over.
    ctx.execute("create table strikes (began timestamptz not null, ended timestamptz not null)");
  }

  /** Notes that jobs may have run again for a reason. */
  static void noteStrike(DSLContext ctx, Instant began, Instant ended) {
    carefully(
        ctx,
        same ->
            same.execute(
                "insert into strikes values (?::timestamptz, ?::timestamptz)",
                began.toString(),
                ended.toString()));
  }

  static Job job(long order) {
    return Job.of(TYPE).withArgs("[" + order + "]");
  }

  static long order(JSON args) {
    return Long.parseLong(args.data().substring(1, args.data().length() - 1).strip());
  }

  /** Enqueues jobs, and writes their orders in the same transaction. */
  static void enqueue(Qg qg, Configuration tx, List<Job> jobs) {
    List<Long> ids =
        jobs.size() == 1 ? List.of(qg.enqueue(tx, jobs.get(0))) : qg.enqueueAll(tx, jobs);
    tx.dsl()
        .execute(
            "insert into orders select * from unnest(?::bigint[], ?::bigint[], ?::text[],"
                + " ?::smallint[], ?::timestamptz[])",
            jobs.stream().map(job -> order(job.args().orElseThrow())).toArray(Long[]::new),
            ids.toArray(Long[]::new),
            jobs.stream().map(job -> job.queue().orElse("")).toArray(String[]::new),
            jobs.stream().map(job -> job.priority().orElse((short) 100)).toArray(Short[]::new),
            jobs.stream()
                .map(job -> job.runAt().map(Instant::toString).orElse(null))
                .toArray(String[]::new));
  }

  /** Locks the dead jobs that are to be revived in this transaction, and notes that they are. */
  static List<Long> noteRevivals(DSLContext tx) {
    List<Long> dead =
        tx.fetch(
                "select job_id from qg_dead_jobs where job_class = ? order by job_id for update",
                MORTAL)
            .getValues(0, Long.class);
    tx.execute(
        "insert into revivals select job_id, died_at, error_count from qg_dead_jobs"
            + " where job_id = any (?::bigint[])",
        (Object) dead.toArray(Long[]::new));
    return dead;
  }

  /** How often the job was revived. */
  static int revivals(DSLContext outside, long job) {
    int[] count = new int[1];
    carefully(
        outside,
        same ->
            count[0] =
                same.fetchSingle("select count(*) from revivals where job_id = ?", job)
                    .get(0, Integer.class));
    return count[0];
  }

  /** Whether the order's effect is written through the job's transaction. */
  static boolean isTransactional(long order) {
    return order % 2 == 0;
  }

  /** Does what the job is there for, once. */
  static void effect(DSLContext tx, long order, long job) {
    tx.insertInto(EFFECTS).set(ORDER, order).set(JOB, job).execute();
  }

  /** Calls somebody else, at least once: nothing undoes it. */
  static void call(DSLContext outside, Attempt attempt) {
    note(outside, CALLS, attempt);
  }

  /** Notes that a handler is about to fail on purpose. */
  static void noteFailure(DSLContext outside, Attempt attempt) {
    note(outside, FAILURES, attempt);
  }

  private static void note(DSLContext outside, Table<?> table, Attempt attempt) {
    carefully(
        outside,
        same ->
            same.insertInto(table)
                .set(ORDER, attempt.order)
                .set(JOB, attempt.job)
                .set(ATTEMPT, attempt.errors)
                .set(QUEUE, attempt.queue)
                .set(PRIORITY, attempt.priority)
                .execute());
  }

  /**
   * Uses a connection of the application's own. Where there is no memory amid an answer, the next
   * one who got it would read what is left of that, and maybe wait for more for ever.
   */
  private static void carefully(DSLContext outside, Consumer<DSLContext> statement) {
    outside.connection(
        connection -> {
          try {
            statement.accept(DSL.using(connection, SQLDialect.POSTGRES));
          } catch (VirtualMachineError e) {
            abort(connection);
            throw e;
          }
        });
  }

  private static void abort(Connection connection) throws SQLException {
    while (true) {
      try {
        connection.abort(HERE);
        return;
      } catch (OutOfMemoryError e) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      }
    }
  }

  /** Works an order as it should be. */
  static void work(DSLContext outside, LockedJob job) {
    Attempt attempt = Attempt.of(job);
    call(outside, attempt);
    effectIfTransactional(job, attempt);
  }

  /** Does the same with what it writes, and fails on purpose, which undoes that. */
  static void fail(DSLContext outside, LockedJob job) {
    Attempt attempt = Attempt.of(job);
    noteFailure(outside, attempt);
    effectIfTransactional(job, attempt);
    throw new IllegalStateException("on purpose");
  }

  private static void effectIfTransactional(LockedJob job, Attempt attempt) {
    if (isTransactional(attempt.order)) {
      effect(job.tx(), attempt.order, attempt.job);
    }
  }
}
