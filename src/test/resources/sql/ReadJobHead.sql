-- on the search path
select left("que_jobs"."job_class", 10000), "que_jobs"."error_count", "que_jobs".ctid
from "que_jobs"
where ("que_jobs"."queue" = ?
  and "que_jobs"."priority" = ?
  and "que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "que_jobs"."job_id" = ?)

-- in the schema jobs
select left("jobs"."que_jobs"."job_class", 10000), "jobs"."que_jobs"."error_count",
    "jobs"."que_jobs".ctid
from "jobs"."que_jobs"
where ("jobs"."que_jobs"."queue" = ?
  and "jobs"."que_jobs"."priority" = ?
  and "jobs"."que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" = ?)
