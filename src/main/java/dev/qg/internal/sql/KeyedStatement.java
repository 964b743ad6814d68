package dev.qg.internal.sql;

import static dev.qg.internal.sql.Functions.setting;
import static dev.qg.internal.sql.Functions.withSetting;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.inline;
import static org.jooq.impl.DSL.select;

import java.sql.Connection;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jooq.Condition;
import org.jooq.Field;
import org.jooq.Param;
import org.jooq.Query;

/**
 * A statement that finds one job by its whole key, in the index.
 *
 * <p>A session keeps the plan that it has made, also from when the table was so small that reading
 * all of it was the least to do; with many jobs since then, each deletion would do that. So reading
 * all of it is ruled out as the plan is made: by a statement in front of this one, in the same
 * round trip and transaction. This one brings the setting back when it looks for the job, before a
 * trigger of the row or what follows in the transaction could be planned by it; only what a trigger
 * {@code BEFORE … FOR EACH STATEMENT} runs is. If that fails, the transaction is undone, and the
 * setting with it.
 *
 * <p>Where that would not be {@link OneTrip}, the plan is made for each execution.
 */
final class KeyedStatement {

  private static final Field<String> SEQ_SCAN = inline("enable_seqscan");

  /** Where the transaction remembers what that was. */
  private static final Field<String> BEFORE = inline("qg.enable_seqscan");

  private final Rendered byIndex;
  private final Rendered alone;

  /**
   * @param statement what to do with the job that a condition names
   * @param params those of the statement besides the key
   */
  KeyedStatement(Renderer renderer, Function<Condition, Query> statement, Param<?>... params) {
    Param<?>[] all =
        Stream.concat(Stream.of(KeyParams.ALL), Stream.of(params)).toArray(Param[]::new);
    byIndex = renderer.renderHot(byIndex(statement), all);
    alone = renderer.renderUnprepared(statement.apply(KeyParams.matches()), all);
  }

  /**
   * The statement, behind the one that lets it be planned by the index: both as parts of one round
   * trip, and of one transaction.
   */
  static List<Query> byIndex(Function<Condition, Query> statement) {
    // The server evaluates them from left to right. Conditions, as texts would be results of
    // unlimited size.
    Query ruleOut =
        select(
            field(withSetting(BEFORE, setting(SEQ_SCAN)).isNotNull()),
            field(withSetting(SEQ_SCAN, inline("off")).isNotNull()));
    // The server evaluates the subquery once, whether or not there is the job.
    Condition bringBack = field(select(withSetting(SEQ_SCAN, setting(BEFORE)))).isNotNull();
    return List.of(ruleOut, statement.apply(KeyParams.matches().and(bringBack)));
  }

  /** Runs it, and tells whether the job was still there. */
  boolean execute(Connection connection, JobKey key, Object... values) {
    Object[] keys = key.values();
    Object[] all = Arrays.copyOf(keys, keys.length + values.length);
    System.arraycopy(values, 0, all, keys.length, values.length);
    int hit =
        OneTrip.isFor(connection)
            ? byIndex.queryAll(
                connection,
                results -> {
                  results.skip();
                  return results.count();
                },
                all)
            : alone.update(connection, all);
    return hit == 1;
  }
}
