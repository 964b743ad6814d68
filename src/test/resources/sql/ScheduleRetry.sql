-- on the search path
select (pg_catalog.set_config('qg.enable_seqscan', pg_catalog.current_setting('enable_seqscan'), true) is not null),
    (pg_catalog.set_config('enable_seqscan', 'off', true) is not null);
update "que_jobs"
set "error_count" = (least("que_jobs"."error_count", 2147483646) operator(pg_catalog.+) 1),
    "run_at" = greatest((pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("que_jobs"."run_at" operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("que_jobs"."queue" operator(pg_catalog.=) ?
  and "que_jobs"."priority" operator(pg_catalog.=) ?
  and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "que_jobs"."job_id" operator(pg_catalog.=) ?
  and (select pg_catalog.set_config('enable_seqscan', pg_catalog.current_setting('qg.enable_seqscan'), true)) is not null)

-- in the schema jobs
select (pg_catalog.set_config('qg.enable_seqscan', pg_catalog.current_setting('enable_seqscan'), true) is not null),
    (pg_catalog.set_config('enable_seqscan', 'off', true) is not null);
update "jobs"."que_jobs"
set "error_count" = (least("jobs"."que_jobs"."error_count", 2147483646) operator(pg_catalog.+) 1),
    "run_at" = greatest((pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("jobs"."que_jobs"."run_at" operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?
  and (select pg_catalog.set_config('enable_seqscan', pg_catalog.current_setting('qg.enable_seqscan'), true)) is not null)

-- on the search path, where the driver is hidden
update "que_jobs"
set "error_count" = (least("que_jobs"."error_count", 2147483646) operator(pg_catalog.+) 1),
    "run_at" = greatest((pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("que_jobs"."run_at" operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("que_jobs"."queue" operator(pg_catalog.=) ?
  and "que_jobs"."priority" operator(pg_catalog.=) ?
  and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "que_jobs"."job_id" operator(pg_catalog.=) ?)

-- in the schema jobs, where the driver is hidden
update "jobs"."que_jobs"
set "error_count" = (least("jobs"."que_jobs"."error_count", 2147483646) operator(pg_catalog.+) 1),
    "run_at" = greatest((pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("jobs"."que_jobs"."run_at" operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?)
