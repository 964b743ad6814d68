-- on the search path
select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    "que_jobs"."job_class", "que_jobs"."error_count", "backend"."pid", "backend"."application_name",
    "backend"."client_addr", "backend"."state_change"
from "que_jobs"
join "pg_catalog"."pg_locks" as "lock"
on (((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint)) = "que_jobs"."job_id"
  and "lock"."locktype" = 'advisory'
  and "lock"."objsubid" = 1
  and "lock"."granted"
  and "lock"."database" = (select "db"."oid" from "pg_catalog"."pg_database" as "db" where "db"."datname" = current_database()))
join "pg_catalog"."pg_stat_activity" as "backend"
on "backend"."pid" = "lock"."pid"
order by "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class", "jobs"."que_jobs"."error_count",
    "backend"."pid", "backend"."application_name", "backend"."client_addr",
    "backend"."state_change"
from "jobs"."que_jobs"
join "pg_catalog"."pg_locks" as "lock"
on (((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint)) = "jobs"."que_jobs"."job_id"
  and "lock"."locktype" = 'advisory'
  and "lock"."objsubid" = 1
  and "lock"."granted"
  and "lock"."database" = (select "db"."oid" from "pg_catalog"."pg_database" as "db" where "db"."datname" = current_database()))
join "pg_catalog"."pg_stat_activity" as "backend"
on "backend"."pid" = "lock"."pid"
order by "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id"
