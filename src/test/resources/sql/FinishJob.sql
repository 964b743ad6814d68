-- on the search path
start transaction isolation level read committed;
select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
    (set_config('enable_seqscan', 'off', true) is not null);
delete from "que_jobs"
where ("que_jobs"."queue" = ?
  and "que_jobs"."priority" = ?
  and "que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "que_jobs"."job_id" = ?
  and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null);
commit;
select pg_advisory_unlock(?)

-- in the schema jobs
start transaction isolation level read committed;
select (set_config('qg.enable_seqscan', current_setting('enable_seqscan'), true) is not null),
    (set_config('enable_seqscan', 'off', true) is not null);
delete from "jobs"."que_jobs"
where ("jobs"."que_jobs"."queue" = ?
  and "jobs"."que_jobs"."priority" = ?
  and "jobs"."que_jobs"."run_at" = cast(? as timestamp with time zone)
  and "jobs"."que_jobs"."job_id" = ?
  and (select set_config('enable_seqscan', current_setting('qg.enable_seqscan'), true)) is not null);
commit;
select pg_advisory_unlock(?)
