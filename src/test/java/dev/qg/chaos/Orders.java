package dev.qg.chaos;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.table;

import dev.qg.Job;
import dev.qg.LockedJob;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Table;
import org.jooq.impl.SQLDataType;

/**
 * What a run is about. A producer writes an order and enqueues its job in one transaction. The
 * job's handler makes a call, which is a row that it commits by itself, and then writes an effect
 * through the job's transaction. No constraint hides what must not be.
 */
final class Orders {

  /** The type of the jobs. */
  static final String TYPE = "Order";

  private static final Table<?> ORDERS = table(name("orders"));
  private static final Table<?> EFFECTS = table(name("effects"));
  private static final Table<?> CALLS = table(name("calls"));
  private static final Field<Long> ORDER = field(name("order_id"), SQLDataType.BIGINT);
  private static final Field<Long> JOB = field(name("job_id"), SQLDataType.BIGINT);

  private Orders() {}

  static void createTables(DSLContext ctx) {
    ctx.execute("create table orders (order_id bigint not null, job_id bigint not null)");
    ctx.execute("create table effects (order_id bigint not null, job_id bigint not null)");
    ctx.execute("create table calls (order_id bigint not null, job_id bigint not null)");
    // What a producer heard: the answer to its commit, or to its rollback.
    ctx.execute("create table answers (order_id bigint not null, committed boolean not null)");
  }

  static Job job(long order) {
    return Job.of(TYPE).withArgs("[" + order + "]");
  }

  static long order(LockedJob job) {
    String args = job.args().data();
    return Long.parseLong(args.substring(1, args.length() - 1).strip());
  }

  /** Writes an order, in the transaction that enqueues its job. */
  static void write(DSLContext tx, long order, long job) {
    insert(tx, ORDERS, order, job);
  }

  /** Does what the job is there for, once. */
  static void effect(LockedJob job) {
    insert(job.tx(), EFFECTS, order(job), job.id());
  }

  /** Calls somebody else, at least once: nothing undoes it. */
  static void call(DSLContext outside, LockedJob job) {
    insert(outside, CALLS, order(job), job.id());
  }

  private static void insert(DSLContext ctx, Table<?> into, long order, long job) {
    ctx.insertInto(into).set(ORDER, order).set(JOB, job).execute();
  }
}
