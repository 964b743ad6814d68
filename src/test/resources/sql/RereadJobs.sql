-- on the search path
select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    "que_jobs"."job_class", "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error"
from (select unnest(cast(? as smallint[])) as "priority",
      cast(unnest(cast(? as text[])) as timestamp with time zone) as "run_at",
      unnest(cast(? as bigint[])) as "job_id") as "key"
join "que_jobs"
on ("que_jobs"."queue" = ?
  and "que_jobs"."priority" = "key"."priority"
  and "que_jobs"."run_at" = "key"."run_at"
  and "que_jobs"."job_id" = "key"."job_id")

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class", "jobs"."que_jobs"."args",
    "jobs"."que_jobs"."error_count", "jobs"."que_jobs"."last_error"
from (select unnest(cast(? as smallint[])) as "priority",
      cast(unnest(cast(? as text[])) as timestamp with time zone) as "run_at",
      unnest(cast(? as bigint[])) as "job_id") as "key"
join "jobs"."que_jobs"
on ("jobs"."que_jobs"."queue" = ?
  and "jobs"."que_jobs"."priority" = "key"."priority"
  and "jobs"."que_jobs"."run_at" = "key"."run_at"
  and "jobs"."que_jobs"."job_id" = "key"."job_id")
