-- on the search path
select pg_catalog.left("que_jobs"."job_class", 10000), "que_jobs"."error_count", "que_jobs".ctid
from "que_jobs"
where ("que_jobs"."queue" operator(pg_catalog.=) ?
  and "que_jobs"."priority" operator(pg_catalog.=) ?
  and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "que_jobs"."job_id" operator(pg_catalog.=) ?)

-- in the schema jobs
select pg_catalog.left("jobs"."que_jobs"."job_class", 10000), "jobs"."que_jobs"."error_count",
    "jobs"."que_jobs".ctid
from "jobs"."que_jobs"
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
  and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?)
