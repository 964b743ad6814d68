-- on the search path
(select "candidate"."priority", "candidate"."run_at", "candidate"."job_id", true as "locked"
  from (select "job"."priority", "job"."run_at", "job"."job_id"
    from "que_jobs" as "job"
    cross join generate_series(1, (select 1))
    where ("job"."queue" = ?
      and "job"."run_at" <= now()
      and ("job"."priority", "job"."run_at", "job"."job_id") > (?, cast(? as timestamp with time zone), ?))
    order by "job"."priority", "job"."run_at", "job"."job_id"
    fetch next 1000 rows only) as "candidate"
  where pg_try_advisory_lock("candidate"."job_id")
  fetch next 1 rows only)
union all (select "last"."priority", "last"."run_at", "last"."job_id", false as "locked"
  from (select "job"."priority", "job"."run_at", "job"."job_id"
    from "que_jobs" as "job"
    cross join generate_series(1, (select 1))
    where ("job"."queue" = ?
      and "job"."run_at" <= now()
      and ("job"."priority", "job"."run_at", "job"."job_id") > (?, cast(? as timestamp with time zone), ?))
    order by "job"."priority", "job"."run_at", "job"."job_id"
    offset 999 rows
    fetch next 1 rows only) as "last")
fetch next 1 rows only

-- in the schema jobs
(select "candidate"."priority", "candidate"."run_at", "candidate"."job_id", true as "locked"
  from (select "job"."priority", "job"."run_at", "job"."job_id"
    from "jobs"."que_jobs" as "job"
    cross join generate_series(1, (select 1))
    where ("job"."queue" = ?
      and "job"."run_at" <= now()
      and ("job"."priority", "job"."run_at", "job"."job_id") > (?, cast(? as timestamp with time zone), ?))
    order by "job"."priority", "job"."run_at", "job"."job_id"
    fetch next 1000 rows only) as "candidate"
  where pg_try_advisory_lock("candidate"."job_id")
  fetch next 1 rows only)
union all (select "last"."priority", "last"."run_at", "last"."job_id", false as "locked"
  from (select "job"."priority", "job"."run_at", "job"."job_id"
    from "jobs"."que_jobs" as "job"
    cross join generate_series(1, (select 1))
    where ("job"."queue" = ?
      and "job"."run_at" <= now()
      and ("job"."priority", "job"."run_at", "job"."job_id") > (?, cast(? as timestamp with time zone), ?))
    order by "job"."priority", "job"."run_at", "job"."job_id"
    offset 999 rows
    fetch next 1 rows only) as "last")
fetch next 1 rows only
