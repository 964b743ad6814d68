package dev.qg.chaos;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.table;

import dev.qg.Job;
import dev.qg.LockedJob;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * What a run is about. A producer writes an order and enqueues its job in one transaction. The
 * job's handler makes a call, which is a row that it commits by itself. If the order has an even
 * number, it then writes an effect through the job's transaction; if not, the job has none. No
 * constraint hides what must not be.
 */
final class Orders {

  /** The type of the jobs. */
  static final String TYPE = "Order";

  private static final Table<?> EFFECTS = table(name("effects"));
  private static final Table<?> CALLS = table(name("calls"));
  private static final Field<Long> ORDER = field(name("order_id"), SQLDataType.BIGINT);
  private static final Field<Long> JOB = field(name("job_id"), SQLDataType.BIGINT);
  private static final Field<Integer> ATTEMPT = field(name("attempt"), SQLDataType.INTEGER);

  /** Made beforehand, as to make it needs memory. */
  private static final Executor HERE = Runnable::run;

  private Orders() {}

  static void createTables(DSLContext ctx) {
    ctx.execute("create table orders (order_id bigint not null, job_id bigint not null)");
    ctx.execute("create index on orders (job_id)");
    ctx.execute("create table effects (order_id bigint not null, job_id bigint not null)");
    ctx.execute(
        "create table calls (order_id bigint not null, job_id bigint not null,"
            + " attempt int not null, at timestamptz not null default clock_timestamp())");
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

  static long order(LockedJob job) {
    String args = job.args().data();
    return Long.parseLong(args.substring(1, args.length() - 1).strip());
  }

  /** Writes orders, in the transaction that enqueues their jobs. */
  static void write(DSLContext tx, List<Long> orders, List<Long> jobs) {
    tx.execute(
        "insert into orders select unnest(?::bigint[]), unnest(?::bigint[])",
        orders.toArray(Long[]::new),
        jobs.toArray(Long[]::new));
  }

  /** Whether the order's effect is written through the job's transaction. */
  static boolean isTransactional(long order) {
    return order % 2 == 0;
  }

  /** Does what the job is there for, once. */
  static void effect(DSLContext tx, long order, long job) {
    tx.insertInto(EFFECTS).set(ORDER, order).set(JOB, job).execute();
  }

  /**
   * Calls somebody else, at least once: nothing undoes it.
   *
   * @param attempt how often the job has failed before
   */
  static void call(DSLContext outside, long order, long job, int attempt) {
    carefully(
        outside,
        tx -> tx.insertInto(CALLS).set(ORDER, order).set(JOB, job).set(ATTEMPT, attempt).execute());
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
    call(outside, order(job), job.id(), job.errorCount());
    if (isTransactional(order(job))) {
      effect(job.tx(), order(job), job.id());
    }
  }
}
