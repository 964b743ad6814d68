package dev.qg;

import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warns, once, of a job that a client enqueues by itself while its thread has a transaction open:
 * the job is committed whatever becomes of the transaction. Thread-safe.
 */
final class TransactionWarning {

  private static final Logger log = LoggerFactory.getLogger(TransactionWarning.class);

  /** The transaction of jOOQ that this thread has begun last and not ended; its client's own. */
  @SuppressWarnings("ThreadLocalUsage")
  private final ThreadLocal<@Nullable Object> ofJooq = new ThreadLocal<>();

  private final SpringTransactions ofSpring;
  private final AtomicBoolean warned = new AtomicBoolean();

  TransactionWarning(DataSource dataSource) {
    this.ofSpring = new SpringTransactions(dataSource);
  }

  /** The transaction of jOOQ on this thread; null if there is none. */
  @Nullable Object current() {
    return ofJooq.get();
  }

  void setCurrent(@Nullable Object transaction) {
    if (transaction == null) {
      ofJooq.remove();
    } else {
      ofJooq.set(transaction);
    }
  }

  /** Hears that a statement is about to commit by itself. */
  void check() {
    if (!warned.get()
        && (ofJooq.get() != null || ofSpring.isOpen())
        && warned.compareAndSet(false, true)) {
      log.atWarn()
          .addKeyValue("event", "enqueued_beside_transaction")
          .setCause(new IllegalStateException("enqueued here"))
          .log(
              "A transaction is open on this thread, but enqueue(job) commits by itself: the job"
                  + " stays if the transaction rolls back. For a job that belongs to the"
                  + " transaction, pass its DSLContext, Configuration or Connection:"
                  + " enqueue(ctx, job). This is logged once");
    }
  }
}
