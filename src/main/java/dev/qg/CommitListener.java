package dev.qg;

import dev.qg.internal.sql.JobNotices;
import dev.qg.internal.work.WakeUps;
import org.jooq.Configuration;
import org.jooq.TransactionContext;
import org.jooq.TransactionListener;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what was enqueued in a transaction of jOOQ among the data of its {@code Configuration}, and
 * tells it to the workers of this JVM after the commit. A nested transaction begins with a copy of
 * the outer one's data and leaves its own to it when it ends well. Safe for use by many threads.
 */
final class CommitListener implements TransactionListener {

  private final WakeUps wakeUps;
  private final TransactionWarning warning;

  /**
   * What belongs to one transaction, nested or not.
   *
   * @param before the transaction that its thread had before, if any
   */
  private record Pending(
      Configuration own, @Nullable Pending outer, JobNotices notices, @Nullable Object before) {}

  CommitListener(WakeUps wakeUps, TransactionWarning warning) {
    this.wakeUps = wakeUps;
    this.warning = warning;
  }

  /** What is told after the commit of the transaction; null if no such listener has seen it. */
  static @Nullable JobNotices noticesOf(Configuration transaction, WakeUps wakeUps) {
    Pending pending = pending(transaction, wakeUps);
    return pending == null ? null : pending.notices;
  }

  @Override
  public void beginEnd(TransactionContext context) {
    Configuration own = context.configuration();
    Pending outer = pending(own, wakeUps);
    // Already there if the listener was set twice.
    if (outer == null || outer.own != own) {
      Pending pending = new Pending(own, outer, new JobNotices(), warning.current());
      own.data(wakeUps, pending);
      warning.setCurrent(pending);
    }
  }

  /** Called also when the commit failed: then workers look once for nothing. */
  @Override
  public void commitEnd(TransactionContext context) {
    Pending pending = end(context);
    if (pending != null && pending.outer != null) {
      pending.outer.notices.addAll(pending.notices);
    } else if (pending != null) {
      pending.notices.list().forEach(wakeUps::publish);
    }
  }

  /** Called after a commit that failed, too. */
  @Override
  public void rollbackEnd(TransactionContext context) {
    end(context);
  }

  private @Nullable Pending end(TransactionContext context) {
    Pending pending = pending(context.configuration(), wakeUps);
    if (pending != null && warning.current() == pending) {
      warning.setCurrent(pending.before);
    }
    return pending;
  }

  private static @Nullable Pending pending(Configuration configuration, WakeUps wakeUps) {
    return configuration.data(wakeUps) instanceof Pending pending ? pending : null;
  }
}
