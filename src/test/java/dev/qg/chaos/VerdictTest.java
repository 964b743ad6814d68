package dev.qg.chaos;

import static dev.qg.chaos.Rule.CALLED;
import static dev.qg.chaos.Rule.COMMITS_LAST;
import static dev.qg.chaos.Rule.DONE_IS_DONE;
import static dev.qg.chaos.Rule.NOTHING_DONE_TWICE;
import static dev.qg.chaos.Rule.NOTHING_LOST;
import static dev.qg.chaos.Rule.NO_GHOSTS;
import static dev.qg.chaos.Rule.NO_JOB_ALONE;
import static dev.qg.chaos.Rule.NO_ORDER_TWICE;
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
  void twoOrdersOfWhichOneIsDone() {
    ctx = db.session();
    Orders.createTables(ctx);
    for (long order = 1; order <= 2; order++) {
      long number = order;
      db.ctx()
          .transaction(
              tx -> Orders.write(tx.dsl(), number, db.qg().enqueue(tx, Orders.job(number))));
      ctx.execute("insert into answers values (?, true)", order);
    }
    ctx.execute("insert into answers values (3, false)");
    WorkMap workMap =
        WorkMap.of(
            Orders.TYPE,
            job -> {
              Orders.call(db.ctx(), job);
              Orders.effect(job);
            });
    assertThat(Worker.builder(db.qg(), workMap).build().workOne()).isTrue();
    ((HikariDataSource) db.dataSource()).getHikariPoolMXBean().softEvictConnections();
  }

  @Test
  void isCleanWhereEachOrderIsDoneOrStillAJob() {
    Verdict verdict = Verdict.of(ctx);
    assertThat(verdict.isClean()).as(String.join("\n", verdict.lines())).isTrue();
    assertThat(verdict.orders()).isEqualTo(2);
    assertThat(verdict.done()).isOne();
    assertThat(verdict.waiting()).isOne();
    assertThat(verdict.repeatedCalls()).isZero();
  }

  @Test
  void findsALostJob() {
    ctx.execute("delete from que_jobs");
    assertBroken(2, NOTHING_LOST);
  }

  @Test
  void findsALostEffect() {
    ctx.execute("delete from effects");
    assertBroken(1, NOTHING_LOST);
  }

  @Test
  void findsADoubledEffect() {
    ctx.execute("insert into effects select * from effects");
    assertBroken(1, NOTHING_DONE_TWICE);
  }

  @Test
  void findsAJobThatIsDoneAndStillThere() {
    ctx.execute("insert into que_jobs (job_id, job_class) select job_id, 'Order' from effects");
    assertBroken(1, DONE_IS_DONE);
  }

  @Test
  void findsTheEffectOfAnOrderThatWasRolledBack() {
    ctx.execute("insert into effects values (3, 3)");
    ctx.execute("insert into calls values (3, 3)");
    assertBroken(3, NO_GHOSTS);
  }

  @Test
  void findsTheEffectOfAnotherJob() {
    ctx.execute("update effects set job_id = 77");
    assertBroken(1, NO_GHOSTS);
  }

  @Test
  void findsAJobWithoutItsOrder() {
    ctx.execute("insert into que_jobs (job_id, job_class) values (77, 'Order')");
    assertBroken(77, NO_JOB_ALONE);
  }

  @Test
  void findsAnOrderWithTwoJobs() {
    ctx.execute("insert into que_jobs (job_id, job_class) values (77, 'Order')");
    ctx.execute("insert into orders values (2, 77)");
    assertBroken(2, NO_ORDER_TWICE);
  }

  @Test
  void findsAMissingCall() {
    ctx.execute("delete from calls");
    assertBroken(1, CALLED);
  }

  @Test
  void findsACommitThatIsGone() {
    ctx.execute("insert into answers values (4, true)");
    assertBroken(4, COMMITS_LAST);
  }

  @Test
  void findsARollbackThatIsThere() {
    ctx.execute("update answers set committed = false where order_id = 2");
    assertBroken(2, ROLLBACKS_LAST);
  }

  @Test
  void countsCallsThatWereMadeAgain() {
    ctx.execute("insert into calls select * from calls");
    ctx.execute("insert into calls select * from calls");
    assertThat(Verdict.of(ctx).repeatedCalls()).isEqualTo(3);
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

  private void assertBroken(long order, Rule rule) {
    Verdict verdict = Verdict.of(ctx);
    assertThat(verdict.violations().keySet()).isEqualTo(Set.of(rule));
    assertThat(verdict.violations().get(rule)).isEqualTo(List.of(order));
    assertThat(verdict.isClean()).isFalse();
    assertThat(verdict.lines()).anyMatch(line -> line.startsWith("BROKEN"));
  }
}
