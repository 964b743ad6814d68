-- on the search path
start transaction; delete from "que_jobs"
where ("que_jobs"."queue" = ?
  and "que_jobs"."priority" = ?
  and "que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "que_jobs"."job_id" = ?); commit;
select pg_advisory_unlock(?)

-- in the schema jobs
start transaction; delete from "jobs"."que_jobs"
where ("jobs"."que_jobs"."queue" = ?
  and "jobs"."que_jobs"."priority" = ?
  and "jobs"."que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" = ?); commit;
select pg_advisory_unlock(?)
