-- on the search path
update "que_jobs"
set "error_count" = (least("que_jobs"."error_count", 2147483646) operator(pg_catalog.+) 1),
    "run_at" = greatest((pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, "key"."delay")),
      ("que_jobs"."run_at" operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = "key"."last_error"
from (select (select ?) as "queue", pg_catalog.unnest((select cast(? as smallint[]))) as "priority",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "job_id",
      pg_catalog.unnest((select cast(? as double precision[]))) as "delay",
      pg_catalog.unnest((select cast(? as pg_catalog.text[]))) as "last_error") as "key"
where ("que_jobs"."queue" operator(pg_catalog.=) "key"."queue"
  and "que_jobs"."priority" operator(pg_catalog.=) "key"."priority"
  and "que_jobs"."run_at" operator(pg_catalog.=) "key"."run_at"
  and "que_jobs"."job_id" operator(pg_catalog.=) "key"."job_id")
returning "que_jobs"."job_id"

-- in the schema jobs
update "jobs"."que_jobs"
set "error_count" = (least("jobs"."que_jobs"."error_count", 2147483646) operator(pg_catalog.+) 1),
    "run_at" = greatest((pg_catalog.now() operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, "key"."delay")),
      ("jobs"."que_jobs"."run_at" operator(pg_catalog.+) pg_catalog.make_interval(0, 0, 0, 0, 0, 0, cast(1E-6 as double precision)))),
    "last_error" = "key"."last_error"
from (select (select ?) as "queue", pg_catalog.unnest((select cast(? as smallint[]))) as "priority",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "job_id",
      pg_catalog.unnest((select cast(? as double precision[]))) as "delay",
      pg_catalog.unnest((select cast(? as pg_catalog.text[]))) as "last_error") as "key"
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) "key"."queue"
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) "key"."priority"
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) "key"."run_at"
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) "key"."job_id")
returning "jobs"."que_jobs"."job_id"
