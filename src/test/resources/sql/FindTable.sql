-- on the search path
select (pg_catalog.to_regclass('"que_jobs"') is not null)

-- in the schema jobs
select (pg_catalog.to_regclass('"jobs"."que_jobs"') is not null)

-- on the search path, dead jobs
select (pg_catalog.to_regclass('"qg_dead_jobs"') is not null)

-- in the schema jobs, dead jobs
select (pg_catalog.to_regclass('"jobs"."qg_dead_jobs"') is not null)
