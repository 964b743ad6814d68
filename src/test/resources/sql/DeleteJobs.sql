-- on the search path
delete from "que_jobs" using (select (select ?) as "queue",
      unnest((select cast(? as smallint[]))) as "priority",
      unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      unnest((select cast(? as bigint[]))) as "job_id",
      unnest((select cast(? as tid[]))) as "place") as "key"
where ("que_jobs".ctid = "key"."place"
  and "que_jobs"."queue" = "key"."queue"
  and "que_jobs"."priority" = "key"."priority"
  and "que_jobs"."run_at" = "key"."run_at"
  and "que_jobs"."job_id" = "key"."job_id")
returning "que_jobs"."job_id"

-- in the schema jobs
delete from "jobs"."que_jobs" using (select (select ?) as "queue",
      unnest((select cast(? as smallint[]))) as "priority",
      unnest((select cast(? as timestamp with time zone[]))) as "run_at",
      unnest((select cast(? as bigint[]))) as "job_id",
      unnest((select cast(? as tid[]))) as "place") as "key"
where ("jobs"."que_jobs".ctid = "key"."place"
  and "jobs"."que_jobs"."queue" = "key"."queue"
  and "jobs"."que_jobs"."priority" = "key"."priority"
  and "jobs"."que_jobs"."run_at" = "key"."run_at"
  and "jobs"."que_jobs"."job_id" = "key"."job_id")
returning "jobs"."que_jobs"."job_id"
