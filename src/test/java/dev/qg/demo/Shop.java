package dev.qg.demo;

import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.jsonGetElementAsText;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.table;
import static org.jooq.impl.DSL.val;

import dev.qg.Job;
import dev.qg.JobStats;
import dev.qg.LockedJob;
import dev.qg.Qg;
import dev.qg.RetryPolicy;
import dev.qg.WorkMap;
import dev.qg.WorkerPool;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record;
import org.jooq.SQLDialect;
import org.jooq.Table;
import org.jooq.impl.DSL;
import org.jooq.impl.SQLDataType;

/**
 * A small shop. Orders are placed in transactions, each of which enqueues the receipt that is to be
 * sent; workers write the receipts. Some orders are abandoned at the last moment and some receipts
 * fail at first, and in the end each order that was placed has one receipt.
 */
public final class Shop {

  private static final int ORDERS = 1_000;
  private static final int COMPLETED = ORDERS - ORDERS / 10;
  private static final Duration TICK = Duration.ofMillis(250);
  private static final Duration TOO_LONG = Duration.ofMinutes(2);

  // An application would have jOOQ generate these.
  private static final Table<Record> ORDER = table(name("orders"));
  private static final Table<Record> RECEIPT = table(name("receipts"));
  private static final Field<Integer> ID = field(name("id"), SQLDataType.INTEGER);
  private static final Field<Integer> ORDER_ID = field(name("order_id"), SQLDataType.INTEGER);

  private final DSLContext ctx;
  private final Qg qg;

  private Shop(DataSource dataSource) {
    ctx = DSL.using(dataSource, SQLDialect.POSTGRES);
    qg =
        Qg.builder(dataSource)
            .retryPolicy("SendReceipt", RetryPolicy.builder().delay(Duration.ofSeconds(1)).build())
            .build();
  }

  /** Runs the demo, and ends the JVM with status 1 if an order or a receipt is missing. */
  public static void main(String... args) throws Exception {
    boolean complete;
    try (ShopDatabase database = ShopDatabase.open()) {
      Shop shop = new Shop(database.dataSource());
      shop.open();
      complete = shop.trade();
    }
    if (!complete) {
      System.exit(1);
    }
  }

  private void open() {
    ctx.createTable(ORDER).columns(ID).primaryKey(ID).execute();
    // No constraint keeps an order from having two receipts, or a receipt from having no order.
    ctx.createTable(RECEIPT).columns(ORDER_ID).execute();
  }

  private boolean trade() throws InterruptedException {
    say("Placing %,d orders, one in ten of which is rolled back at the last moment ...", ORDERS);
    placeOrders();
    List<JobStats> before = qg.stats();

    say("Sending the receipts, one in twenty of which fails at first ...");
    WorkMap handlers = WorkMap.of("SendReceipt", Shop::sendReceipt);
    try (WorkerPool pool = WorkerPool.builder(qg, handlers).count(4).interval(TICK).build()) {
      pool.start();
      watch();
    }

    say("%n          queue  type          jobs  working  failed once");
    printStats("before", before);
    printStats("after", qg.stats());
    return check();
  }

  private void placeOrders() throws InterruptedException {
    ExecutorService customers = Executors.newFixedThreadPool(4);
    for (int i = 1; i <= ORDERS; i++) {
      int id = i;
      customers.execute(() -> placeOrder(id));
    }
    customers.shutdown();
    if (!customers.awaitTermination(TOO_LONG.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("The orders took longer than " + TOO_LONG);
    }
  }

  /** The order and its receipt's job are committed together, or neither of them is. */
  private void placeOrder(int id) {
    try {
      ctx.transaction(
          cfg -> {
            DSLContext tx = DSL.using(cfg);
            tx.insertInto(ORDER).set(ID, id).execute();
            qg.enqueue(tx, Job.of("SendReceipt").withArgs("[" + id + "]"));
            if (id % 10 == 7) {
              throw new OrderAbandoned();
            }
          });
    } catch (OrderAbandoned e) {
      // Rolled back, and the job with it.
    }
  }

  /** The receipt and the deletion of its job are committed together, or neither of them is. */
  private static void sendReceipt(LockedJob job) {
    Field<String> order = jsonGetElementAsText(val(job.args()), 0);
    job.tx().insertInto(RECEIPT).set(ORDER_ID, order.cast(SQLDataType.INTEGER)).execute();
    if (job.errorCount() == 0 && job.id() % 20 == 0) {
      throw new IllegalStateException("The printer is out of paper");
    }
  }

  private void watch() throws InterruptedException {
    long start = System.nanoTime();
    Duration elapsed = Duration.ZERO;
    long jobs = Long.MAX_VALUE;
    while (jobs > 0 && elapsed.compareTo(TOO_LONG) < 0) {
      TimeUnit.MILLISECONDS.sleep(TICK.toMillis());
      elapsed = Duration.ofNanos(System.nanoTime() - start);
      List<JobStats> stats = qg.stats();
      jobs = stats.stream().mapToLong(JobStats::count).sum();
      say(
          "  %4.1f s: %3d receipts sent, %3d jobs left, %2d of them to be tried again",
          elapsed.toMillis() / 1e3,
          ctx.fetchCount(RECEIPT),
          jobs,
          stats.stream().mapToLong(JobStats::countErrored).sum());
    }
  }

  private static void printStats(String when, List<JobStats> stats) {
    if (stats.isEmpty()) {
      say("  %-6s  no jobs", when);
    }
    for (JobStats line : stats) {
      say(
          "  %-6s  %-5s  %-11s  %5d  %7d  %11d",
          when,
          '"' + line.queue() + '"',
          line.type(),
          line.count(),
          line.countWorking(),
          line.countErrored());
    }
  }

  private boolean check() {
    int orders = ctx.fetchCount(ORDER);
    int receipts = ctx.fetchCount(RECEIPT);
    int ordersWithReceipt = ctx.fetchCount(ctx.selectDistinct(ORDER_ID).from(RECEIPT));
    long jobs = qg.stats().stream().mapToLong(JobStats::count).sum();
    boolean complete =
        orders == COMPLETED && receipts == COMPLETED && ordersWithReceipt == COMPLETED && jobs == 0;
    say(
        "%n%d orders, %d receipts for %d of them, %d jobs left: %s",
        orders,
        receipts,
        ordersWithReceipt,
        jobs,
        complete ? "each order has its receipt, once." : "THIS IS WRONG.");
    return complete;
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  private static final class OrderAbandoned extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
