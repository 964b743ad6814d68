-- on the search path
update "que_jobs"
set "error_count" = (least("que_jobs"."error_count", 2147483646) + 1),
    "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, "key"."delay")),
      ("que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = "key"."last_error"
from (select (select ?) as "queue", unnest((select cast(? as smallint[]))) as "priority",
      unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      unnest((select cast(? as bigint[]))) as "job_id",
      unnest((select cast(? as double precision[]))) as "delay",
      unnest((select cast(? as text[]))) as "last_error") as "key"
where ("que_jobs"."queue" = "key"."queue"
  and "que_jobs"."priority" = "key"."priority"
  and "que_jobs"."run_at" = "key"."run_at"
  and "que_jobs"."job_id" = "key"."job_id")
returning "que_jobs"."job_id"

-- in the schema jobs
update "jobs"."que_jobs"
set "error_count" = (least("jobs"."que_jobs"."error_count", 2147483646) + 1),
    "run_at" = greatest((now() + make_interval(0, 0, 0, 0, 0, 0, "key"."delay")),
      ("jobs"."que_jobs"."run_at" + make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = "key"."last_error"
from (select (select ?) as "queue", unnest((select cast(? as smallint[]))) as "priority",
      unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      unnest((select cast(? as bigint[]))) as "job_id",
      unnest((select cast(? as double precision[]))) as "delay",
      unnest((select cast(? as text[]))) as "last_error") as "key"
where ("jobs"."que_jobs"."queue" = "key"."queue"
  and "jobs"."que_jobs"."priority" = "key"."priority"
  and "jobs"."que_jobs"."run_at" = "key"."run_at"
  and "jobs"."que_jobs"."job_id" = "key"."job_id")
returning "jobs"."que_jobs"."job_id"
