package dev.qg.chaos;

import org.jooq.DSLContext;

/** Tells what became of the orders of each queue. */
final class Tally {

  private static final String BY_QUEUE =
      """
      select '"' || o.queue || '"' as queue, count(*) as orders,
        count(distinct o.priority) as priorities, count(o.due) as scheduled,
        count(a.job_id) as retried, coalesce(sum(r.times), 0) + count(d.job_id) as died,
        coalesce(sum(r.times), 0) as revived, count(d.job_id) as dead
      from orders o
        left join (select distinct job_id from attempts where attempt > 0) a
          on a.job_id = o.job_id
        left join (select job_id, count(*) as times from revivals group by job_id) r
          on r.job_id = o.job_id
        left join qg_dead_jobs d on d.job_id = o.job_id
      group by o.queue
      order by o.queue
      """;

  private Tally() {}

  /** A table with a line for each queue. */
  static String byQueue(DSLContext ctx) {
    return ctx.fetch(BY_QUEUE).format();
  }
}
