-- on the search path
delete from "que_jobs" using (select (select ?) as "queue",
      pg_catalog.unnest((select cast(? as smallint[]))) as "priority",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "job_id") as "key"
where ("que_jobs"."queue" operator(pg_catalog.=) "key"."queue"
  and "que_jobs"."priority" operator(pg_catalog.=) "key"."priority"
  and "que_jobs"."run_at" operator(pg_catalog.=) "key"."run_at"
  and "que_jobs"."job_id" operator(pg_catalog.=) "key"."job_id")
returning "que_jobs"."job_id"

-- in the schema jobs
delete from "jobs"."que_jobs" using (select (select ?) as "queue",
      pg_catalog.unnest((select cast(? as smallint[]))) as "priority",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "job_id") as "key"
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) "key"."queue"
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) "key"."priority"
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) "key"."run_at"
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) "key"."job_id")
returning "jobs"."que_jobs"."job_id"
