package dev.qg.internal.sql;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import dev.qg.fixture.TestDatabase;
import dev.qg.internal.sql.Plans.Query;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The lock query reads the primary key's index in its order, whatever the planner knows of the
 * table: a plan is kept for long, and a table that was empty is full a moment later.
 */
class LockJobsExplainTest {

  private static final List<String> MODES = List.of("force_custom_plan", "force_generic_plan");
  private static final String MANY_HELD =
      LongStream.range(0, 5_000).mapToObj(Long::toString).collect(joining(",", "'{", "}'"));
  private static final Pattern COST = Pattern.compile("cost=[0-9.]+\\.\\.([0-9.]+)");

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  @ParameterizedTest
  @ValueSource(ints = {0, 1_000, 1_000_000})
  void readsTheIndexInItsOrderAndSortsNothing(int jobs) throws SQLException {
    Connection connection = db.connect();
    Plans.load(connection, jobs);
    List<String> plans = new ArrayList<>(lockPlans(connection));
    Plans.execute(connection, "analyze que_jobs");
    plans.addAll(lockPlans(connection));
    Plans.execute(connection, "vacuum analyze que_jobs");
    plans.addAll(lockPlans(connection));

    assertThat(plans).hasSize(36).allSatisfy(LockJobsExplainTest::readsTheIndexInItsOrder);
  }

  /** Of a session that is set to plan our statements, whatever it is set to besides. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "enable_nestloop = off",
        "enable_indexscan = off",
        "enable_indexonlyscan = off",
        "enable_bitmapscan = off",
        "enable_tidscan = off",
        "enable_seqscan = off",
        "enable_sort = off",
        "enable_hashagg = off",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
        "enable_material = off",
        "random_page_cost = 30",
        "seq_page_cost = 0",
        "cpu_operator_cost = 0",
        "cursor_tuple_fraction = 1",
        "join_collapse_limit = 1",
        "from_collapse_limit = 1",
        "jit_above_cost = 0"
      })
  void readsItWhateverIsSet(String setting) throws SQLException {
    Connection connection = db.connect();
    Plans.execute(connection, "set " + setting);
    Statements.of(null).toPlan().execute(connection);
    List<String> plans = new ArrayList<>(lockPlans(connection));
    Plans.load(connection, 20_000);
    Plans.execute(connection, "vacuum analyze que_jobs");
    plans.addAll(lockPlans(connection));

    assertThat(plans).allSatisfy(LockJobsExplainTest::readsTheIndexInItsOrder);
  }

  /** A plan for each look would cost more than the look. */
  @Test
  void isPlannedOnceForAnyNumberOfJobs() throws SQLException {
    Connection connection = db.connect();
    Plans.load(connection, 20_000);
    Plans.execute(connection, "vacuum analyze que_jobs");
    Statements sql = Statements.of(null);
    for (int i = 0; i < 10; i++) {
      List<JobKey> keys = sql.lockJobs().execute(connection, "", 1 + i * 100, List.of(), null);
      assertThat(sql.rereadJobs().execute(connection, "", keys, 1).rows()).hasSize(1);
      assertThat(sql.lockJob().execute(connection, "", keys.get(0))).isPresent();
      Plans.execute(connection, "select pg_advisory_unlock_all()");
    }

    assertThat(
            DSL.using(connection, SQLDialect.POSTGRES)
                .fetch(
                    "select generic_plans from pg_prepared_statements"
                        + " where not from_sql and statement like '%que_jobs%'")
                .getValues(0, Long.class))
        .hasSize(4)
        .allMatch(plans -> plans >= 4);
  }

  private static void readsTheIndexInItsOrder(String plan) {
    assertThat(plan).doesNotContain("Sort").doesNotContain("Seq Scan");
    boolean many = plan.contains("Recursive");
    assertThat(plan.lines().filter(line -> line.contains(" on que_jobs ")))
        .isNotEmpty()
        .allMatch(line -> line.matches(".*Index (Only )?Scan using que_jobs_pkey on .*"));
    // Chunks of one priority, from a place on and up to now; and the first job of
    // another.
    List<String> conditions = plan.lines().filter(line -> line.contains("Index Cond:")).toList();
    assertThat(conditions).allMatch(line -> line.contains("queue = "));
    assertThat(conditions.stream().filter(line -> line.contains("run_at <= now()")))
        .hasSize(many ? 2 : 1)
        .allMatch(line -> line.contains("priority = "))
        .allMatch(line -> line.contains("ROW(run_at, job_id) >= ROW("));
    // The lock is tried above the candidates' limit and below the one of what is wanted.
    assertThat(plan)
        .startsWith("Limit ")
        .containsPattern(
            " +-> +Subquery Scan on candidate .*\\n"
                + " +Filter: pg_try_advisory_lock\\(.*\\n +-> +Limit ")
        .doesNotContainPattern("Materialize|Memoize|Gather|Hash Join|Merge")
        .containsOnlyOnce("pg_try_advisory_lock");
    assertThat(plan.lines().filter(line -> line.contains("job_id <> ALL"))).isEmpty();
    assertThat(plan.contains("(hashed SubPlan")).isEqualTo(many);
    // From a cost of 100,000 on, the server compiles the query first: a tenth of a
    // second.
    assertThat(cost(plan)).isLessThan(50_000);
  }

  private static List<String> lockPlans(Connection connection) throws SQLException {
    String sql = Sent.by(c -> new LockJobs(new Renderer(null)).execute(c, "", 1, List.of(), null));
    List<String> types =
        List.of(
            "int4",
            "timestamptz",
            "int8",
            "varchar",
            "int8[]",
            "varchar",
            "varchar",
            "int8[]",
            "int8");
    List<String> plans = new ArrayList<>();
    for (String mode : MODES) {
      for (String limit : List.of("1", "1000")) {
        for (String held : List.of("'{}'", MANY_HELD)) {
          List<String> values =
              List.of("1", "'-infinity'", "1", "''", held, "''", "''", held, limit);
          plans.add(Plans.explain(connection, mode, new Query(sql, types, values)));
        }
      }
      plans.add(Plans.explain(connection, mode, ofOne(LockJobs.BEFORE_ALL)));
      plans.add(Plans.explain(connection, mode, ofOne(1)));
    }
    return plans;
  }

  /** Whatever the table was when the session made its plan, which it keeps. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 1_000, 100_000})
  void readsOneJobAgainFromItsPlace(int jobs) throws SQLException {
    Connection connection = db.connect();
    Plans.load(connection, jobs);
    Plans.execute(connection, "vacuum analyze que_jobs");
    Statements sql = Statements.of(null);
    for (int i = 0; i < 3; i++) {
      assertThat(sql.lockJob().execute(connection, "other", null)).isEmpty();
    }

    assertThat(planOf(connection)).contains("Tid Scan on que_jobs");
  }

  @Test
  void readsItFromThereWhereNothingCouldBeWrittenAtFirst() throws SQLException {
    Connection connection = db.connect();
    Plans.execute(connection, "vacuum analyze que_jobs");
    Plans.execute(connection, "set default_transaction_read_only = on");
    assertThat(Statements.of(null).lockJob().execute(connection, "", null)).isEmpty();

    assertThat(planOf(connection)).contains("Tid Scan on que_jobs");
  }

  /** The plan that the session keeps for a statement without parameters. */
  private static String planOf(Connection connection) {
    DSLContext ctx = DSL.using(connection, SQLDialect.POSTGRES);
    String name =
        ctx.fetchSingle(
                "select name from pg_prepared_statements where not from_sql and statement like '%qg.place%'"
                    + " and cardinality(parameter_types) = 0")
            .get(0, String.class);
    return ctx.fetch("explain execute {0}", DSL.name(name)).format();
  }

  private static Query ofOne(int priority) {
    String sql = Sent.by(c -> new LockJob(new Renderer(null)).execute(c, "", null));
    List<String> types = List.of("varchar", "int4", "int4", "varchar", "timestamptz", "int8");
    String at = "'" + priority + "'";
    List<String> values = List.of("''", at, at, "''", "'-infinity'", "1");
    return new Query(sql.substring(0, sql.indexOf(";")), types, values);
  }

  private static double cost(String plan) {
    Matcher matcher = COST.matcher(plan);
    assertThat(matcher.find()).isTrue();
    return Double.parseDouble(matcher.group(1));
  }
}
