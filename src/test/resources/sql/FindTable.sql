-- on the search path
select (to_regclass('"que_jobs"') is not null)

-- in the schema jobs
select (to_regclass('"jobs"."que_jobs"') is not null)

-- on the search path, dead jobs
select (to_regclass('"qg_dead_jobs"') is not null)

-- in the schema jobs, dead jobs
select (to_regclass('"jobs"."qg_dead_jobs"') is not null)
