-- on the search path
select "que_jobs"."queue", "que_jobs"."job_class", count(*), count("working"."job_id"),
    count(*) filter (where "que_jobs"."error_count" > 0), max("que_jobs"."error_count"),
    min("que_jobs"."run_at")
from "que_jobs"
left outer join (select distinct ((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint)) as "job_id"
  from "pg_catalog"."pg_locks" as "lock"
  where ("lock"."locktype" = 'advisory'
    and "lock"."objsubid" = 1
    and "lock"."granted"
    and "lock"."database" = (select "db"."oid" from "pg_catalog"."pg_database" as "db" where "db"."datname" = current_database()))) as "working"
on "working"."job_id" = "que_jobs"."job_id"
group by "que_jobs"."queue", "que_jobs"."job_class"
order by "que_jobs"."queue", "que_jobs"."job_class"

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."job_class", count(*),
    count("working"."job_id"), count(*) filter (where "jobs"."que_jobs"."error_count" > 0),
    max("jobs"."que_jobs"."error_count"), min("jobs"."que_jobs"."run_at")
from "jobs"."que_jobs"
left outer join (select distinct ((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint)) as "job_id"
  from "pg_catalog"."pg_locks" as "lock"
  where ("lock"."locktype" = 'advisory'
    and "lock"."objsubid" = 1
    and "lock"."granted"
    and "lock"."database" = (select "db"."oid" from "pg_catalog"."pg_database" as "db" where "db"."datname" = current_database()))) as "working"
on "working"."job_id" = "jobs"."que_jobs"."job_id"
group by "jobs"."que_jobs"."queue", "jobs"."que_jobs"."job_class"
order by "jobs"."que_jobs"."queue", "jobs"."que_jobs"."job_class"
