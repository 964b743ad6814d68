-- on the search path
with "revived" as (delete from "qg_dead_jobs"
  where "qg_dead_jobs"."job_id" operator(pg_catalog.=) any (cast(? as bigint[]))
  returning "qg_dead_jobs"."job_id", "qg_dead_jobs"."priority", "qg_dead_jobs"."run_at",
      "qg_dead_jobs"."job_class", "qg_dead_jobs"."args", "qg_dead_jobs"."error_count",
      "qg_dead_jobs"."last_error", "qg_dead_jobs"."queue", "qg_dead_jobs"."died_at"),
    "inserted" as (insert into "que_jobs" ("queue", "priority", "run_at", "job_id", "job_class", "args", "last_error")
  select "revived"."queue", "revived"."priority", pg_catalog.now(), "revived"."job_id",
      "revived"."job_class", "revived"."args", "revived"."last_error"
  from "revived"
  returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id")
select "inserted"."queue", "inserted"."priority", "inserted"."run_at", "inserted"."job_id"
from "revived"
left outer join "inserted"
on "inserted"."job_id" operator(pg_catalog.=) "revived"."job_id"

-- in the schema jobs
with "revived" as (delete from "jobs"."qg_dead_jobs"
  where "jobs"."qg_dead_jobs"."job_id" operator(pg_catalog.=) any (cast(? as bigint[]))
  returning "jobs"."qg_dead_jobs"."job_id", "jobs"."qg_dead_jobs"."priority",
      "jobs"."qg_dead_jobs"."run_at", "jobs"."qg_dead_jobs"."job_class",
      "jobs"."qg_dead_jobs"."args", "jobs"."qg_dead_jobs"."error_count",
      "jobs"."qg_dead_jobs"."last_error", "jobs"."qg_dead_jobs"."queue",
      "jobs"."qg_dead_jobs"."died_at"),
    "inserted" as (insert into "jobs"."que_jobs" ("queue", "priority", "run_at", "job_id", "job_class", "args", "last_error")
  select "revived"."queue", "revived"."priority", pg_catalog.now(), "revived"."job_id",
      "revived"."job_class", "revived"."args", "revived"."last_error"
  from "revived"
  returning "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
      "jobs"."que_jobs"."job_id")
select "inserted"."queue", "inserted"."priority", "inserted"."run_at", "inserted"."job_id"
from "revived"
left outer join "inserted"
on "inserted"."job_id" operator(pg_catalog.=) "revived"."job_id"
