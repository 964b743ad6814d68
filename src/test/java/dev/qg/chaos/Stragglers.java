package dev.qg.chaos;

import java.util.List;
import org.jooq.DSLContext;

/** Tells what jobs wait for that should be done by now, for who looks for what is slow. */
final class Stragglers {

  private static final String JOBS =
      """
      select j.job_id, j.run_at - now() as due_in, j.error_count, left(j.last_error, 80) as error,
        a.application_name as locked_by, a.pid, a.state, now() - a.state_change as since,
        left(a.query, 80) as query
      from que_jobs j
        left join pg_locks l on l.locktype = 'advisory' and l.objsubid = 1
          and l.classid::bigint = j.job_id >> 32 and l.objid::bigint = j.job_id & 4294967295
        left join pg_stat_activity a on a.pid = l.pid
      where
      """;

  private static final String SESSIONS =
      """
      select application_name, pid, state, now() - state_change as since, wait_event_type,
        wait_event, pg_blocking_pids(pid) as blocked_by, left(query, 80) as query
      from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend'
      order by application_name, pid
      """;

  private Stragglers() {}

  /**
   * Jobs, who has locked them, and what all sessions do.
   *
   * @param which a condition on the jobs {@code j}
   */
  static List<String> of(String which, DSLContext ctx) {
    return List.of(
        ctx.fetchSingle("select now()").toString(),
        ctx.fetch(JOBS + which + " order by j.job_id limit 50").format(Integer.MAX_VALUE),
        ctx.fetch(SESSIONS).format(Integer.MAX_VALUE));
  }
}
