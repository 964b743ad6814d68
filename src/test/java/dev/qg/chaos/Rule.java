package dev.qg.chaos;

import java.util.List;
import org.jooq.DSLContext;

/** What must hold of a run, each with a query for the orders of which it does not. */
enum Rule {
  NOTHING_LOST(
      "a committed order is done, or its job is there, maybe dead",
      """
      select o.order_id from orders o
      where o.order_id % 2 = 1
        and not exists (select from que_jobs j where j.job_id = o.job_id)
        and not exists (select from qg_dead_jobs d where d.job_id = o.job_id)
        and not exists (select from calls c where c.order_id = o.order_id)
      union all
      select o.order_id from orders o
      where o.order_id % 2 = 0
        and not exists (select from que_jobs j where j.job_id = o.job_id)
        and not exists (select from qg_dead_jobs d where d.job_id = o.job_id)
        and not exists (select from effects e where e.order_id = o.order_id)
      """),
  NONE_GIVEN_UP(
      "no order is given up but those that are hopeless",
      """
      select o.order_id from orders o join qg_dead_jobs d on d.job_id = o.job_id
      where d.job_class <> 'HopelessOrder'
      """),
  GIVEN_UP_IN_TIME(
      "a job that may die does so after its third error, which is kept",
      """
      select o.order_id from orders o
        join (select job_id, error_count, last_error from qg_dead_jobs
          union all select job_id, error_count, 'any' from revivals) d on d.job_id = o.job_id
      where d.error_count <> 3 or d.last_error is null
      """),
  DEAD_IS_DEAD(
      "an order that is given up is not done, and no job besides",
      """
      select o.order_id from orders o join qg_dead_jobs d on d.job_id = o.job_id
      where exists (select from que_jobs j where j.job_id = o.job_id)
        or exists (select from effects e where e.order_id = o.order_id)
        or o.order_id % 2 = 1 and exists (select from calls c where c.order_id = o.order_id)
      """),
  REVIVED_ONCE(
      "a dead job is revived once",
      """
      select o.order_id from orders o join revivals r on r.job_id = o.job_id
      group by o.order_id, r.died_at having count(*) > 1
      """),
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
      from (select order_id, job_id from effects union select order_id, job_id from attempts) x
      where not exists (
        select from orders o where o.order_id = x.order_id and o.job_id = x.job_id)
      """),
  NO_JOB_ALONE(
      "no job is there without its order",
      """
      select j.job_id
      from (select job_id, job_class from que_jobs
        union all select job_id, job_class from qg_dead_jobs) j
      where j.job_class like '%Order' and not exists (
        select from orders o where o.job_id = j.job_id)
      """),
  KEEPS_ITS_PLACE(
      "a job keeps its queue and its priority",
      """
      select distinct o.order_id
      from (select job_id, queue, priority from attempts
        union all select job_id, queue, priority from que_jobs
        union all select job_id, queue, priority from qg_dead_jobs) x
        join orders o on o.job_id = x.job_id
      where (x.queue, x.priority) <> (o.queue, o.priority)
      """),
  NOT_EARLY(
      "no job runs before it is due",
      """
      select a.order_id from attempts a join orders o on o.order_id = a.order_id
      where a.at < o.due
      """),
  RETRIED_LATER(
      "a retry waits as long as the policy says, unless something struck",
      """
      select a.order_id
      from attempts a join failures f on f.order_id = a.order_id and f.attempt = a.attempt - 1
      where f.at < a.at and a.at < f.at + interval '100 ms' * least(a.attempt, 10)
        and not exists (select from strikes s where s.began <= a.at and s.ended >= f.at)
      """),
  ERRORS_COUNTED(
      "each failure is counted once, unless something struck",
      """
      select f.order_id from failures f
      where f.attempt > 0
        and not exists (
          select from failures b where b.order_id = f.order_id and b.attempt = f.attempt - 1)
        and not exists (
          select from strikes s where s.began <= f.at and s.ended >= f.at - interval '10 s')
      """),
  NO_ORDER_TWICE(
      "an order has one job", "select order_id from orders group by order_id having count(*) > 1"),
  ONE_AT_A_TIME(
      "a job runs again only after an error, or where something struck",
      """
      select order_id from (
        select order_id, at, lag(at) over (
          partition by order_id, failed,
            case when failed or order_id % 2 = 0 then attempt end order by at) as before
        from attempts) c
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
