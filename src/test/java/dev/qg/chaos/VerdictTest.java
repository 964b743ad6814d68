package dev.qg.chaos;

import static dev.qg.chaos.Rule.CALLED;
import static dev.qg.chaos.Rule.COMMITS_LAST;
import static dev.qg.chaos.Rule.DONE_IS_DONE;
import static dev.qg.chaos.Rule.NOTHING_DONE_TWICE;
import static dev.qg.chaos.Rule.NOTHING_LOST;
import static dev.qg.chaos.Rule.NO_GHOSTS;
import static dev.qg.chaos.Rule.NO_JOB_ALONE;
import static dev.qg.chaos.Rule.NO_ORDER_TWICE;
import static dev.qg.chaos.Rule.ONE_AT_A_TIME;
import static dev.qg.chaos.Rule.ROLLBACKS_LAST;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.qg.WorkMap;
import dev.qg.Worker;
import dev.qg.fixture.TestDatabase;
import java.util.List;
import java.util.Set;
import org.jooq.DSLContext;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The verdict of a run finds whatever a run must not leave. */
class VerdictTest {

  @RegisterExtension final TestDatabase db = TestDatabase.withTables();

  private DSLContext ctx;

  @BeforeEach
  void ordersOfWhichTwoAreDone() {
    ctx = db.session();
    workTwoOfThreeOrders(db, ctx);
  }

  /** Orders 2 and 1 are done, the job of 4 waits, and 3 was rolled back. */
  static void workTwoOfThreeOrders(TestDatabase db, DSLContext ctx) {
    Orders.createTables(ctx);
    for (long order : new long[] {2, 1, 4}) {
      db.ctx().transaction(tx -> Orders.enqueue(db.qg(), tx, List.of(Orders.job(order))));
      ctx.execute("insert into answers values (?, true)", order);
    }
    ctx.execute("insert into answers values (3, false)");
    WorkMap workMap = WorkMap.of(Orders.TYPE, job -> Orders.work(db.ctx(), job));
    Worker worker = Worker.builder(db.qg(), workMap).build();
    assertThat(worker.workOne()).isTrue();
    assertThat(worker.workOne()).isTrue();
    ((HikariDataSource) db.dataSource()).getHikariPoolMXBean().softEvictConnections();
  }

  @Test
  void isCleanWhereEachOrderIsDoneOrStillAJob() {
    Verdict verdict = Verdict.of(ctx);
    assertThat(verdict.isClean()).as(String.join("\n", verdict.lines())).isTrue();
    assertThat(verdict.orders()).isEqualTo(3);
    assertThat(verdict.done()).isEqualTo(2);
    assertThat(verdict.waiting()).isOne();
    assertThat(verdict.repeatedCalls()).isZero();
  }

  @Test
  void findsALostJob() {
    ctx.execute("delete from que_jobs");
    assertBroken(4, NOTHING_LOST);
  }

  @Test
  void findsALostEffect() {
    ctx.execute("delete from effects");
    assertBroken(2, NOTHING_LOST);
  }

  @Test
  void findsALostCallWhereThereIsNoEffect() {
    ctx.execute("delete from calls where order_id = 1");
    assertBroken(1, NOTHING_LOST);
  }

  @Test
  void findsADoubledEffect() {
    ctx.execute("insert into effects select * from effects");
    assertBroken(2, NOTHING_DONE_TWICE);
  }

  @Test
  void findsAJobThatIsDoneAndStillThere() {
    ctx.execute("insert into que_jobs (job_id, job_class) select job_id, 'Order' from effects");
    assertBroken(2, DONE_IS_DONE);
  }

  @Test
  void findsTheEffectOfAnOrderThatWasRolledBack() {
    ctx.execute("insert into effects values (3, 333)");
    ctx.execute("insert into calls values (3, 333, 0, '', 100)");
    assertBroken(3, NO_GHOSTS);
  }

  @Test
  void findsTheEffectOfAnotherJob() {
    ctx.execute("update effects set job_id = 77");
    assertBroken(2, NO_GHOSTS);
  }

  @Test
  void findsAJobWithoutItsOrder() {
    ctx.execute("insert into que_jobs (job_id, job_class) values (77, 'Order')");
    assertBroken(77, NO_JOB_ALONE);
  }

  @Test
  void findsAnOrderWithTwoJobs() {
    ctx.execute("insert into que_jobs (job_id, job_class) values (77, 'Order')");
    ctx.execute("insert into orders values (4, 77, '', 100)");
    assertBroken(4, NO_ORDER_TWICE);
  }

  @Test
  void findsAMissingCall() {
    ctx.execute("delete from calls where order_id = 2");
    assertBroken(2, CALLED);
  }

  @Test
  void findsACommitThatIsGone() {
    ctx.execute("insert into answers values (6, true)");
    assertBroken(6, COMMITS_LAST);
  }

  @Test
  void findsARollbackThatIsThere() {
    ctx.execute("update answers set committed = false where order_id = 4");
    assertBroken(4, ROLLBACKS_LAST);
  }

  @Test
  void findsAJobThatRanTwice() {
    ctx.execute(again(0));
    assertBroken(2, ONE_AT_A_TIME);
  }

  @Test
  void findsAJobThatRanTwiceAtAnotherTimeThanSomethingStruck() {
    ctx.execute("insert into strikes select at - interval '2 s', at - interval '1 s' from calls");
    ctx.execute(again(0));
    assertBroken(2, ONE_AT_A_TIME);
  }

  /** Its call is the last that it did, so it has not failed. */
  @Test
  void findsAJobThatRanAgainThoughItHadDoneAll() {
    ctx.execute(
        "insert into calls select order_id, job_id, 1, queue, priority from calls"
            + " where order_id = 1");
    assertBroken(1, ONE_AT_A_TIME);
  }

  @Test
  void countsCallsThatWereMadeAgainForAReason() {
    ctx.execute(again(1));
    ctx.execute("insert into strikes values (clock_timestamp(), clock_timestamp())");
    ctx.execute(again(1));
    assertThat(Verdict.of(ctx).repeatedCalls()).isEqualTo(2);
    assertThat(Verdict.of(ctx).isClean()).isTrue();
  }

  @Test
  void findsALockAndASessionThatAreLeft() {
    DSLContext left = db.session();
    left.execute("select pg_advisory_lock(77)");
    Verdict verdict = Verdict.of(ctx);
    left.execute("select pg_advisory_unlock(77)");
    assertThat(verdict.violations()).isEmpty();
    assertThat(verdict.locks()).isOne();
    assertThat(verdict.sessions()).isOne();
    assertThat(verdict.isClean()).isFalse();
  }

  /** Another call for order 2. */
  private static String again(int attempt) {
    return "insert into calls (order_id, job_id, attempt, queue, priority)"
        + " select order_id, job_id, %d, queue, priority from calls where order_id = 2 limit 1"
            .formatted(attempt);
  }

  private void assertBroken(long order, Rule rule) {
    Verdict verdict = Verdict.of(ctx);
    assertThat(verdict.violations().keySet()).isEqualTo(Set.of(rule));
    assertThat(verdict.violations().get(rule)).isEqualTo(List.of(order));
    assertThat(verdict.isClean()).isFalse();
    assertThat(verdict.lines()).anyMatch(line -> line.startsWith("BROKEN"));
  }
}
