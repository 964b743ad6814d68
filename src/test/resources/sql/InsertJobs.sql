-- on the search path
insert into "que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args")
select unnest(cast(? as bigint[])), cast(unnest(cast(? as text[])) as text),
    cast(unnest(cast(? as text[])) as smallint),
    cast(unnest(cast(? as text[])) as timestamp(6) with time zone),
    cast(unnest(cast(? as text[])) as text), cast(unnest(cast(? as text[])) as json)

-- in the schema jobs
insert into "jobs"."que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args")
select unnest(cast(? as bigint[])), cast(unnest(cast(? as text[])) as text),
    cast(unnest(cast(? as text[])) as smallint),
    cast(unnest(cast(? as text[])) as timestamp(6) with time zone),
    cast(unnest(cast(? as text[])) as text), cast(unnest(cast(? as text[])) as json)

-- on the search path, only what is required
insert into "que_jobs" ("job_id", "job_class")
select unnest(cast(? as bigint[])), cast(unnest(cast(? as text[])) as text)

-- in the schema jobs, only what is required
insert into "jobs"."que_jobs" ("job_id", "job_class")
select unnest(cast(? as bigint[])), cast(unnest(cast(? as text[])) as text)
