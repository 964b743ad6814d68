package dev.qg.chaos;

import static dev.qg.chaos.Rule.DEAD_IS_DEAD;
import static dev.qg.chaos.Rule.ERRORS_COUNTED;
import static dev.qg.chaos.Rule.GIVEN_UP_IN_TIME;
import static dev.qg.chaos.Rule.KEEPS_ITS_PLACE;
import static dev.qg.chaos.Rule.NONE_GIVEN_UP;
import static dev.qg.chaos.Rule.NOT_EARLY;
import static dev.qg.chaos.Rule.NO_GHOSTS;
import static dev.qg.chaos.Rule.NO_JOB_ALONE;
import static dev.qg.chaos.Rule.ONE_AT_A_TIME;
import static dev.qg.chaos.Rule.RETRIED_LATER;
import static dev.qg.chaos.Rule.REVIVED_ONCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The verdict of a run finds what is wrong with scheduled, failed, dead and revived jobs. */
class VerdictOfRetriesTest {

  private static final String FAILURE =
      "insert into failures (order_id, job_id, attempt, queue, priority, at) ";

  /** The call for order 2 is that of a retry, this long after the failure. */
  private static final String RETRIED_AFTER =
      "update calls set attempt = attempt + 1 where order_id = 2; "
          + FAILURE
          + "select order_id, job_id, attempt - 1, queue, priority, at - interval '%d ms'"
          + " from calls where order_id = 2; ";

  /** Something that struck when the call for order 2 was made. */
  private static final String STRIKE =
      "insert into strikes select at - interval '1 s', at from calls where order_id = 2; ";

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private DSLContext ctx;

  @BeforeEach
  void ordersOfWhichTwoAreDone() {
    ctx = db.session();
    VerdictTest.workTwoOfThreeOrders(db, ctx);
  }

  static Stream<Arguments> violations() {
    return Stream.of(
        arguments(NONE_GIVEN_UP, 4, bury("Order", 3)),
        arguments(NONE_GIVEN_UP, 4, bury("MortalOrder", 3)),
        arguments(GIVEN_UP_IN_TIME, 4, bury("HopelessOrder", 2)),
        arguments(
            GIVEN_UP_IN_TIME,
            4,
            bury("HopelessOrder", 3) + "; update qg_dead_jobs set last_error = null"),
        arguments(
            GIVEN_UP_IN_TIME, 4, "insert into revivals select job_id, now(), 4 from que_jobs"),
        arguments(
            DEAD_IS_DEAD,
            4,
            bury("HopelessOrder", 3)
                + "; insert into que_jobs (job_id, job_class)"
                + " select job_id, job_class from qg_dead_jobs"),
        arguments(
            DEAD_IS_DEAD,
            4,
            bury("HopelessOrder", 3)
                + "; insert into effects select 4, job_id from qg_dead_jobs"
                + "; insert into calls (order_id, job_id, attempt, queue, priority)"
                + " select 4, job_id, 0, queue, priority from qg_dead_jobs"),
        arguments(
            DEAD_IS_DEAD,
            1,
            "update que_jobs set job_id = (select job_id from calls where order_id = 1)"
                + "; update orders set order_id = 6 where order_id = 4"
                + "; update answers set order_id = 6 where order_id = 4"
                + "; insert into effects select 6, job_id from orders where order_id = 6"
                + "; insert into calls (order_id, job_id, attempt, queue, priority)"
                + " select 6, job_id, 0, queue, priority from orders where order_id = 6; "
                + bury("HopelessOrder", 3)),
        arguments(
            REVIVED_ONCE,
            4,
            "insert into revivals select job_id, now(), 3 from que_jobs, generate_series(1, 2)"),
        arguments(KEEPS_ITS_PLACE, 4, "update que_jobs set queue = 'another'"),
        arguments(KEEPS_ITS_PLACE, 2, "update calls set priority = 1 where order_id = 2"),
        arguments(
            KEEPS_ITS_PLACE,
            4,
            bury("HopelessOrder", 3) + "; update qg_dead_jobs set priority = 1"),
        arguments(
            NOT_EARLY,
            2,
            "update orders o set due = at + interval '1 ms'"
                + " from calls c where c.order_id = 2 and o.order_id = 2"),
        arguments(
            NOT_EARLY,
            4,
            "update orders set due = now() + interval '1 h' where order_id = 4; "
                + FAILURE
                + "select 4, job_id, 0, queue, priority, now() from que_jobs"),
        arguments(RETRIED_LATER, 2, RETRIED_AFTER.formatted(99)),
        arguments(
            RETRIED_LATER,
            2,
            RETRIED_AFTER.formatted(500)
                + "update calls set attempt = 2 where order_id = 2; "
                + "update failures set attempt = 1; "
                + FAILURE
                + "select order_id, job_id, 0, queue, priority, at - interval '1 s' from failures; "
                + "update calls set at = at - interval '301 ms' where order_id = 2"),
        arguments(ERRORS_COUNTED, 4, failures(1)),
        arguments(ERRORS_COUNTED, 4, failures(0, 2)),
        arguments(ONE_AT_A_TIME, 4, failures(0, 0)),
        arguments(NO_GHOSTS, 3, FAILURE + "select 3, 333, 0, queue, priority, now() from que_jobs"),
        arguments(
            NO_JOB_ALONE,
            77,
            "update que_jobs set job_id = 77; update orders set order_id = 6 where order_id = 4"
                + "; update answers set order_id = 6 where order_id = 4"
                + "; insert into effects select 6, job_id from orders where order_id = 6"
                + "; insert into calls (order_id, job_id, attempt, queue, priority)"
                + " select 6, job_id, 0, queue, priority from orders where order_id = 6; "
                + bury("HopelessOrder", 3)));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("violations")
  void findsAViolation(Rule rule, long order, String planted) {
    ctx.execute(planted);
    Verdict verdict = Verdict.of(ctx);
    assertThat(verdict.violations()).isEqualTo(Map.of(rule, List.of(order)));
    assertThat(verdict.isClean()).isFalse();
  }

  static Stream<String> rightWays() {
    return Stream.of(
        bury("HopelessOrder", 3),
        "insert into revivals"
            + " select job_id, now() + n * interval '1 s', 3 from que_jobs, generate_series(1, 2) n",
        "update orders o set due = at from calls c where c.order_id = 2 and o.order_id = 2",
        RETRIED_AFTER.formatted(101),
        RETRIED_AFTER.formatted(99) + STRIKE,
        failures(0, 1, 2),
        STRIKE + failures(1));
  }

  @ParameterizedTest
  @MethodSource("rightWays")
  void isCleanWhereNoneIsViolated(String planted) {
    ctx.execute(planted);
    assertThat(Verdict.of(ctx).violations()).isEmpty();
  }

  @Test
  void countsWhatBecameOfTheOrdersOfAQueue() {
    ctx.execute(
        failures(0, 1)
            + "; update orders set due = now() where order_id <> 1"
            + "; insert into revivals select job_id, now(), 3 from que_jobs; "
            + bury("HopelessOrder", 3));
    assertThat(Tally.byQueue(ctx).lines().filter(line -> line.startsWith("|\"\"")))
        .singleElement()
        .asString()
        .isEqualToIgnoringWhitespace("|\"\" | 3| 1| 2| 1| 2| 1| 1|");
  }

  /** The job that waits dies. */
  private static String bury(String type, int errors) {
    return """
        with dead as (delete from que_jobs returning *)
        insert into qg_dead_jobs
          (queue, priority, run_at, job_id, job_class, args, error_count, last_error)
        select queue, priority, run_at, job_id, '%s', args, %d, 'on purpose' from dead
        """
        .formatted(type, errors);
  }

  /** Of the job that waits, a second after each other, after these numbers of errors. */
  private static String failures(Integer... attempts) {
    return FAILURE
        + "select 4, job_id, a, queue, priority, now() + n * interval '1 s'"
        + " from que_jobs, unnest(array%s) with ordinality t (a, n)".formatted(List.of(attempts));
  }
}
