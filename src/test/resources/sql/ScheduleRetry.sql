-- on the search path
select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
    (set_config('enable_seqscan', 'off', true) is not null);
update "que_jobs"
set "error_count" = (least("que_jobs"."error_count", 2147483646) + 1),
    "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("que_jobs"."queue" = ?
  and "que_jobs"."priority" = ?
  and "que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "que_jobs"."job_id" = ?
  and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null)

-- in the schema jobs
select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
    (set_config('enable_seqscan', 'off', true) is not null);
update "jobs"."que_jobs"
set "error_count" = (least("jobs"."que_jobs"."error_count", 2147483646) + 1),
    "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("jobs"."que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("jobs"."que_jobs"."queue" = ?
  and "jobs"."que_jobs"."priority" = ?
  and "jobs"."que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" = ?
  and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null)

-- on the search path, where the driver is hidden
update "que_jobs"
set "error_count" = (least("que_jobs"."error_count", 2147483646) + 1),
    "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("que_jobs"."queue" = ?
  and "que_jobs"."priority" = ?
  and "que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "que_jobs"."job_id" = ?)

-- in the schema jobs, where the driver is hidden
update "jobs"."que_jobs"
set "error_count" = (least("jobs"."que_jobs"."error_count", 2147483646) + 1),
    "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, cast(? as double precision))),
      ("jobs"."que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = ?
where ("jobs"."que_jobs"."queue" = ?
  and "jobs"."que_jobs"."priority" = ?
  and "jobs"."que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" = ?)
