-- on the search path
select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
    (pg_catalog.set_config('qg.place', cast("candidate"."place" as pg_catalog.text), true) is not null)
from (select "job"."priority", "job"."run_at", "job"."job_id", "job".ctid as "place"
  from "que_jobs" as "job"
  cross join pg_catalog.generate_series(1, (select 1))
  where ("job"."queue" operator(pg_catalog.=) ?
    and "job"."priority" operator(pg_catalog.=) coalesce(case when cast(? as int) operator(pg_catalog.<>) -32769 then cast(? as int) end,
          (select "first"."priority"
        from (select "job"."priority", "job"."run_at", "job"."job_id"
          from "que_jobs" as "job"
          cross join pg_catalog.generate_series(1, (select 1))
          where "job"."queue" operator(pg_catalog.=) ?
          order by "job"."priority", "job"."run_at", "job"."job_id"
          fetch next 1 rows only) as "first"))
    and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
    and ("job"."run_at", "job"."job_id") operator(pg_catalog.>=) (cast(? as timestamp with time zone), ?)
    and (select pg_catalog.set_config('enable_seqscan', 'off', true)) is not null
    and pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'off')
  order by "job"."priority", "job"."run_at", "job"."job_id"
  fetch next 1000 rows only) as "candidate"
where pg_catalog.pg_try_advisory_lock("candidate"."job_id")
fetch next 1 rows only;
select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    "que_jobs"."job_class", "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error",
    "que_jobs".ctid
from "que_jobs"
where ("que_jobs".ctid operator(pg_catalog.=) cast(case when pg_catalog.current_setting('qg.place', true) operator(pg_catalog.<>) '' then pg_catalog.current_setting('qg.place', true) end as pg_catalog.tid)
  and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed')

-- in the schema jobs
select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
    (pg_catalog.set_config('qg.place', cast("candidate"."place" as pg_catalog.text), true) is not null)
from (select "job"."priority", "job"."run_at", "job"."job_id", "job".ctid as "place"
  from "jobs"."que_jobs" as "job"
  cross join pg_catalog.generate_series(1, (select 1))
  where ("job"."queue" operator(pg_catalog.=) ?
    and "job"."priority" operator(pg_catalog.=) coalesce(case when cast(? as int) operator(pg_catalog.<>) -32769 then cast(? as int) end,
          (select "first"."priority"
        from (select "job"."priority", "job"."run_at", "job"."job_id"
          from "jobs"."que_jobs" as "job"
          cross join pg_catalog.generate_series(1, (select 1))
          where "job"."queue" operator(pg_catalog.=) ?
          order by "job"."priority", "job"."run_at", "job"."job_id"
          fetch next 1 rows only) as "first"))
    and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
    and ("job"."run_at", "job"."job_id") operator(pg_catalog.>=) (cast(? as timestamp with time zone), ?)
    and (select pg_catalog.set_config('enable_seqscan', 'off', true)) is not null
    and pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'off')
  order by "job"."priority", "job"."run_at", "job"."job_id"
  fetch next 1000 rows only) as "candidate"
where pg_catalog.pg_try_advisory_lock("candidate"."job_id")
fetch next 1 rows only;
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class", "jobs"."que_jobs"."args",
    "jobs"."que_jobs"."error_count", "jobs"."que_jobs"."last_error", "jobs"."que_jobs".ctid
from "jobs"."que_jobs"
where ("jobs"."que_jobs".ctid operator(pg_catalog.=) cast(case when pg_catalog.current_setting('qg.place', true) operator(pg_catalog.<>) '' then pg_catalog.current_setting('qg.place', true) end as pg_catalog.tid)
  and pg_catalog.current_setting('transaction_isolation') operator(pg_catalog.=) 'read committed')
