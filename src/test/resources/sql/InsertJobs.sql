-- on the search path
insert into "que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args")
select pg_catalog.unnest(cast(? as bigint[])),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.text),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as smallint),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as timestamp(6) with time zone),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.text),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.json)
returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"

-- in the schema jobs
insert into "jobs"."que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args")
select pg_catalog.unnest(cast(? as bigint[])),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.text),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as smallint),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as timestamp(6) with time zone),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.text),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.json)
returning "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id"

-- on the search path, only what is required
insert into "que_jobs" ("job_id", "job_class")
select pg_catalog.unnest(cast(? as bigint[])),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.text)
returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"

-- in the schema jobs, only what is required
insert into "jobs"."que_jobs" ("job_id", "job_class")
select pg_catalog.unnest(cast(? as bigint[])),
    cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as pg_catalog.text)
returning "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id"
