package dev.qg.chaos;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jooq.DSLContext;

/**
 * What is to be said of a run that has ended, from the database alone.
 *
 * @param orders how many were committed
 * @param done how many effects there are
 * @param waiting how many jobs are left
 * @param repeatedCalls how many calls were made again, which is allowed where something struck
 * @param locks how many advisory locks are left
 * @param sessions how many sessions are left
 * @param violations what is not as it must be
 */
record Verdict(
    long orders,
    long done,
    long waiting,
    long repeatedCalls,
    long locks,
    long sessions,
    Map<Rule, List<Long>> violations) {

  /** So many are named. */
  private static final int EXAMPLES = 10;

  /** Looks at what a run has left. */
  static Verdict of(DSLContext ctx) {
    Map<Rule, List<Long>> violations = new EnumMap<>(Rule.class);
    for (Rule rule : Rule.values()) {
      List<Long> found = rule.violations(ctx);
      if (!found.isEmpty()) {
        violations.put(rule, found);
      }
    }
    return new Verdict(
        count(ctx, "orders"),
        count(ctx, "effects"),
        count(ctx, "que_jobs"),
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
    return violations.isEmpty() && locks == 0 && sessions == 0;
  }

  /** The same in words, a line each. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%,d orders committed, %,d done, %,d jobs left; calls made again: %,d"
            .formatted(orders, done, waiting, repeatedCalls));
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
    lines.add(isClean() ? "The verdict: clean" : "The verdict: BROKEN");
    return lines;
  }

  private static String word(long left) {
    return left == 0 ? "holds" : "BROKEN";
  }
}
