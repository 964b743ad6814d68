package dev.qg.chaos;

import java.util.List;
import org.jooq.DSLContext;

/** What must hold of a run, each with a query for the orders of which it does not. */
enum Rule {
  NOTHING_LOST(
      "a committed order is done, or still a job",
      """
      select o.order_id from orders o
      where o.order_id % 2 = 1
        and not exists (select from que_jobs j where j.job_id = o.job_id)
        and not exists (select from calls c where c.order_id = o.order_id)
      union all
      select o.order_id from orders o
      where o.order_id % 2 = 0
        and not exists (select from que_jobs j where j.job_id = o.job_id)
        and not exists (select from effects e where e.order_id = o.order_id)
      """),
  NONE_GIVEN_UP(
      "no order was given up", "select job_id from qg_dead_jobs where job_class = 'Order'"),
  NOTHING_DONE_TWICE(
      "an order is done once",
      "select order_id from effects group by order_id having count(*) > 1"),
  DONE_IS_DONE(
      "an order that is done is no job any more",
      """
      select e.order_id from effects e
      where exists (select from que_jobs j where j.job_id = e.job_id)
      """),
  NO_GHOSTS(
      "no order is done or called for that was not committed, nor by another job than its own",
      """
      select x.order_id
      from (select order_id, job_id from effects union select order_id, job_id from calls) x
      where not exists (
        select from orders o where o.order_id = x.order_id and o.job_id = x.job_id)
      """),
  NO_JOB_ALONE(
      "no job is there without its order",
      """
      select j.job_id from que_jobs j
      where j.job_class = 'Order' and not exists (
        select from orders o where o.job_id = j.job_id)
      """),
  NO_ORDER_TWICE(
      "an order has one job", "select order_id from orders group by order_id having count(*) > 1"),
  ONE_AT_A_TIME(
      "a job runs again only after an error, or where something struck",
      """
      select order_id from (
        select order_id, at, lag(at) over (
          partition by order_id, case when order_id % 2 = 0 then attempt end order by at) as before
        from calls) c
      where before is not null and not exists (
        select from strikes s where s.began <= c.at and s.ended >= c.before)
      """),
  CALLED(
      "each order that is done was called for at least once",
      """
      select e.order_id from effects e
      where not exists (select from calls c where c.order_id = e.order_id)
      """),
  COMMITS_LAST(
      "what a producer was told is committed is there",
      """
      select a.order_id from answers a
      where a.committed and not exists (select from orders o where o.order_id = a.order_id)
      """),
  ROLLBACKS_LAST(
      "what a producer has rolled back is not there",
      """
      select a.order_id from answers a
      where not a.committed and exists (select from orders o where o.order_id = a.order_id)
      """);

  private final String meaning;
  private final String violations;

  Rule(String meaning, String violations) {
    this.meaning = meaning;
    this.violations = violations;
  }

  String meaning() {
    return meaning;
  }

  /** The orders, or the jobs, of which it does not hold. */
  List<Long> violations(DSLContext ctx) {
    return ctx.fetch(violations).getValues(0, Long.class);
  }
}
