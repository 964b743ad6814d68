-- on the search path
select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    "que_jobs"."job_class", "que_jobs"."error_count", "backend"."pid", "backend"."application_name",
    "backend"."client_addr", "backend"."state_change"
from "que_jobs"
join "pg_catalog"."pg_locks" as "lock"
on (((cast("lock"."classid" as bigint) operator(pg_catalog.<<) 32) operator(pg_catalog.|) cast("lock"."objid" as bigint)) operator(pg_catalog.=) "que_jobs"."job_id"
  and "lock"."locktype" operator(pg_catalog.=) 'advisory'
  and "lock"."objsubid" operator(pg_catalog.=) 1
  and "lock"."granted"
  and "lock"."database" operator(pg_catalog.=) (select "db"."oid"
    from "pg_catalog"."pg_database" as "db"
    where "db"."datname" operator(pg_catalog.=) pg_catalog.current_database()))
join "pg_catalog"."pg_stat_activity" as "backend"
on "backend"."pid" operator(pg_catalog.=) "lock"."pid"
order by "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class", "jobs"."que_jobs"."error_count",
    "backend"."pid", "backend"."application_name", "backend"."client_addr",
    "backend"."state_change"
from "jobs"."que_jobs"
join "pg_catalog"."pg_locks" as "lock"
on (((cast("lock"."classid" as bigint) operator(pg_catalog.<<) 32) operator(pg_catalog.|) cast("lock"."objid" as bigint)) operator(pg_catalog.=) "jobs"."que_jobs"."job_id"
  and "lock"."locktype" operator(pg_catalog.=) 'advisory'
  and "lock"."objsubid" operator(pg_catalog.=) 1
  and "lock"."granted"
  and "lock"."database" operator(pg_catalog.=) (select "db"."oid"
    from "pg_catalog"."pg_database" as "db"
    where "db"."datname" operator(pg_catalog.=) pg_catalog.current_database()))
join "pg_catalog"."pg_stat_activity" as "backend"
on "backend"."pid" operator(pg_catalog.=) "lock"."pid"
order by "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id"
