-- on the search path
with recursive "start" as (select cast(? as int) as "priority",
      cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id"
  where pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'off'
  union all
  select cast("next"."priority" as int), "next"."run_at", "next"."job_id"
  from "start"
  cross join lateral ((select "job"."priority", "job"."run_at", "job"."job_id"
      from "que_jobs" as "job"
      cross join pg_catalog.generate_series(1, (select 1))
      where ("job"."queue" operator(pg_catalog.=) ?
        and "job"."priority" operator(pg_catalog.=) "start"."priority"
        and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
        and ("job"."run_at", "job"."job_id") operator(pg_catalog.>=) ("start"."run_at", "start"."job_id")
        and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))
        and "start"."run_at" operator(pg_catalog.<=) pg_catalog.now())
      order by "job"."priority", "job"."run_at", "job"."job_id"
      offset 1000 rows
      fetch next 1 rows only)
    union all (select "job"."priority", "job"."run_at", "job"."job_id"
      from "que_jobs" as "job"
      cross join pg_catalog.generate_series(1, (select 1))
      where ("job"."queue" operator(pg_catalog.=) ?
        and "job"."priority" operator(pg_catalog.>) "start"."priority")
      order by "job"."priority", "job"."run_at", "job"."job_id"
      fetch next 1 rows only)
    fetch next 1 rows only) as "next")
select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
from "start"
cross join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
  from "que_jobs" as "job"
  cross join pg_catalog.generate_series(1, (select 1))
  where ("job"."queue" operator(pg_catalog.=) ?
    and "job"."priority" operator(pg_catalog.=) "start"."priority"
    and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
    and ("job"."run_at", "job"."job_id") operator(pg_catalog.>=) ("start"."run_at", "start"."job_id")
    and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[])))))
  order by "job"."priority", "job"."run_at", "job"."job_id"
  fetch next 1000 rows only) as "candidate"
where ("start"."run_at" operator(pg_catalog.<=) pg_catalog.now()
  and pg_catalog.pg_try_advisory_lock("candidate"."job_id"))
fetch next (select cast(? as bigint)) rows only

-- in the schema jobs
with recursive "start" as (select cast(? as int) as "priority",
      cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id"
  where pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'off'
  union all
  select cast("next"."priority" as int), "next"."run_at", "next"."job_id"
  from "start"
  cross join lateral ((select "job"."priority", "job"."run_at", "job"."job_id"
      from "jobs"."que_jobs" as "job"
      cross join pg_catalog.generate_series(1, (select 1))
      where ("job"."queue" operator(pg_catalog.=) ?
        and "job"."priority" operator(pg_catalog.=) "start"."priority"
        and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
        and ("job"."run_at", "job"."job_id") operator(pg_catalog.>=) ("start"."run_at", "start"."job_id")
        and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))
        and "start"."run_at" operator(pg_catalog.<=) pg_catalog.now())
      order by "job"."priority", "job"."run_at", "job"."job_id"
      offset 1000 rows
      fetch next 1 rows only)
    union all (select "job"."priority", "job"."run_at", "job"."job_id"
      from "jobs"."que_jobs" as "job"
      cross join pg_catalog.generate_series(1, (select 1))
      where ("job"."queue" operator(pg_catalog.=) ?
        and "job"."priority" operator(pg_catalog.>) "start"."priority")
      order by "job"."priority", "job"."run_at", "job"."job_id"
      fetch next 1 rows only)
    fetch next 1 rows only) as "next")
select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
from "start"
cross join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
  from "jobs"."que_jobs" as "job"
  cross join pg_catalog.generate_series(1, (select 1))
  where ("job"."queue" operator(pg_catalog.=) ?
    and "job"."priority" operator(pg_catalog.=) "start"."priority"
    and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
    and ("job"."run_at", "job"."job_id") operator(pg_catalog.>=) ("start"."run_at", "start"."job_id")
    and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[])))))
  order by "job"."priority", "job"."run_at", "job"."job_id"
  fetch next 1000 rows only) as "candidate"
where ("start"."run_at" operator(pg_catalog.<=) pg_catalog.now()
  and pg_catalog.pg_try_advisory_lock("candidate"."job_id"))
fetch next (select cast(? as bigint)) rows only
