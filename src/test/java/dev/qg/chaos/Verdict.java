package dev.qg.chaos;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.awaitility.core.ConditionTimeoutException;
import org.jooq.DSLContext;

/**
 * What is to be said of a run that has ended, from the database alone.
 *
 * @param orders how many were committed
 * @param done how many of them are done
 * @param waiting how many jobs are left
 * @param dead how many are dead
 * @param repeatedCalls how many calls were made again, which is allowed where something struck
 * @param locks how many advisory locks are left
 * @param sessions how many sessions are left
 * @param violations what is not as it must be
 */
record Verdict(
    long orders,
    long done,
    long waiting,
    long dead,
    long repeatedCalls,
    long locks,
    long sessions,
    Map<Rule, List<Long>> violations) {

  /** So many are named. */
  private static final int EXAMPLES = 10;

  /** So long after the last process has ended, the server must have noticed. */
  private static final Duration LINGERING = Duration.ofSeconds(30);

  /** So long after the last job was done, its worker must have let go of it. */
  private static final Duration LETTING_GO = Duration.ofSeconds(10);

  /**
   * Looks at what workers keep that have nothing to do.
   *
   * @return what they must not keep
   */
  static List<String> leftByWorkers(Servers servers) {
    return awaitNone(LETTING_GO, servers, Verdict::locksOfJobs)
            && awaitNone(LETTING_GO, servers, Verdict::openTransactions)
        ? List.of()
        : List.of(
            "%d locks of jobs and %d open transactions are left with nothing to do"
                .formatted(
                    servers.ask(Verdict::locksOfJobs), servers.ask(Verdict::openTransactions)));
  }

  private static long locksOfJobs(DSLContext ctx) {
    return count(
        ctx,
        "pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory'"
            + " and l.objsubid = 1 and d.datname = current_database()");
  }

  private static long openTransactions(DSLContext ctx) {
    return count(
        ctx,
        "pg_stat_activity where datname = current_database() and state like 'idle in transaction%'");
  }

  /** Looks at what a run has left, when the server has noticed that all have gone. */
  static Verdict awaited(Servers servers) {
    awaitNone(LINGERING, servers, ctx -> sessions(ctx) + locks(ctx));
    return servers.ask(Verdict::of);
  }

  private static boolean awaitNone(
      Duration patience, Servers servers, Function<DSLContext, Long> count) {
    try {
      await().atMost(patience).until(() -> servers.ask(count) == 0);
      return true;
    } catch (ConditionTimeoutException e) {
      return false;
    }
  }

  /** Looks at what a run has left. */
  static Verdict of(DSLContext ctx) {
    // Millions of rows are to be joined. Their numbers are those of many threads, beginning at
    // multiples of a power of two, and PostgreSQL's hashes of such are alike by the hundred.
    ctx.execute("set work_mem = '256MB'");
    ctx.execute("set enable_hashagg = off");
    ctx.execute("set enable_hashjoin = off");
    ctx.execute("analyze orders, effects, calls, failures, revivals, answers, qg_dead_jobs");
    Map<Rule, List<Long>> violations = new EnumMap<>(Rule.class);
    for (Rule rule : Rule.values()) {
      List<Long> found = rule.violations(ctx);
      if (!found.isEmpty()) {
        violations.put(rule, found);
      }
    }
    return new Verdict(
        count(ctx, "orders"),
        count(
            ctx,
            "(select order_id from effects union select order_id from calls where order_id % 2 = 1) x"),
        count(ctx, "que_jobs"),
        count(ctx, "qg_dead_jobs"),
        count(ctx, "calls") - count(ctx, "(select distinct order_id from calls) called"),
        locks(ctx),
        sessions(ctx),
        violations);
  }

  static long locks(DSLContext ctx) {
    return count(
        ctx,
        "pg_locks l join pg_database d on d.oid = l.database"
            + " where l.locktype = 'advisory' and d.datname = current_database()");
  }

  /** All but the one that asks. */
  static long sessions(DSLContext ctx) {
    return count(
        ctx,
        "pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            + " and backend_type = 'client backend'");
  }

  private static long count(DSLContext ctx, String from) {
    return ctx.fetchSingle("select count(*) from " + from).get(0, Long.class);
  }

  boolean isClean() {
    return orders > 0 && violations.isEmpty() && locks == 0 && sessions == 0;
  }

  /** The same in words, a line each. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%,d orders committed, %,d done, %,d jobs left, %,d dead; calls made again: %,d"
            .formatted(orders, done, waiting, dead, repeatedCalls));
    for (Rule rule : Rule.values()) {
      List<Long> found = violations.getOrDefault(rule, List.of());
      lines.add(
          "%-8s %s%s"
              .formatted(
                  found.isEmpty() ? "holds" : "BROKEN",
                  rule.meaning(),
                  found.isEmpty()
                      ? ""
                      : ": not for "
                          + found.size()
                          + ", such as "
                          + found.subList(0, Math.min(EXAMPLES, found.size()))));
    }
    lines.add("%-8s no advisory lock is left: %d".formatted(word(locks), locks));
    lines.add("%-8s no session is left: %d".formatted(word(sessions), sessions));
    if (orders == 0) {
      lines.add("BROKEN   there was nothing to do");
    }
    return lines;
  }

  private static String word(long left) {
    return left == 0 ? "holds" : "BROKEN";
  }
}
