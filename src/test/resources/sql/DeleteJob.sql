-- on the search path
select (pg_catalog.set_config('qg.enable_seqscan', pg_catalog.current_setting('enable_seqscan'), true) is not null),
    (pg_catalog.set_config('enable_seqscan', 'off', true) is not null);
delete from "que_jobs"
where ("que_jobs"."queue" operator(pg_catalog.=) ?
  and "que_jobs"."priority" operator(pg_catalog.=) ?
  and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "que_jobs"."job_id" operator(pg_catalog.=) ?
  and (select pg_catalog.set_config('enable_seqscan', pg_catalog.current_setting('qg.enable_seqscan'), true)) is not null)

-- in the schema jobs
select (pg_catalog.set_config('qg.enable_seqscan', pg_catalog.current_setting('enable_seqscan'), true) is not null),
    (pg_catalog.set_config('enable_seqscan', 'off', true) is not null);
delete from "jobs"."que_jobs"
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?
  and (select pg_catalog.set_config('enable_seqscan', pg_catalog.current_setting('qg.enable_seqscan'), true)) is not null)

-- on the search path, where the driver is hidden
delete from "que_jobs"
where ("que_jobs"."queue" operator(pg_catalog.=) ?
  and "que_jobs"."priority" operator(pg_catalog.=) ?
  and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "que_jobs"."job_id" operator(pg_catalog.=) ?)

-- in the schema jobs, where the driver is hidden
delete from "jobs"."que_jobs"
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?)
