-- on the search path
select "que_jobs"."queue", "que_jobs"."job_class", pg_catalog.count(*),
    pg_catalog.count("working"."job_id"),
    pg_catalog.count(*) filter (where "que_jobs"."error_count" operator(pg_catalog.>) 0),
    pg_catalog.max("que_jobs"."error_count"), pg_catalog.min("que_jobs"."run_at")
from "que_jobs"
left outer join (select distinct ((cast("lock"."classid" as bigint) operator(pg_catalog.<<) 32) operator(pg_catalog.|) cast("lock"."objid" as bigint)) as "job_id"
  from "pg_catalog"."pg_locks" as "lock"
  where ("lock"."locktype" operator(pg_catalog.=) 'advisory'
    and "lock"."objsubid" operator(pg_catalog.=) 1
    and "lock"."granted"
    and "lock"."database" operator(pg_catalog.=) (select "db"."oid"
      from "pg_catalog"."pg_database" as "db"
      where "db"."datname" operator(pg_catalog.=) pg_catalog.current_database()))) as "working"
on "working"."job_id" operator(pg_catalog.=) "que_jobs"."job_id"
group by "que_jobs"."queue", "que_jobs"."job_class"
order by "que_jobs"."queue", "que_jobs"."job_class"

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."job_class", pg_catalog.count(*),
    pg_catalog.count("working"."job_id"),
    pg_catalog.count(*) filter (where "jobs"."que_jobs"."error_count" operator(pg_catalog.>) 0),
    pg_catalog.max("jobs"."que_jobs"."error_count"), pg_catalog.min("jobs"."que_jobs"."run_at")
from "jobs"."que_jobs"
left outer join (select distinct ((cast("lock"."classid" as bigint) operator(pg_catalog.<<) 32) operator(pg_catalog.|) cast("lock"."objid" as bigint)) as "job_id"
  from "pg_catalog"."pg_locks" as "lock"
  where ("lock"."locktype" operator(pg_catalog.=) 'advisory'
    and "lock"."objsubid" operator(pg_catalog.=) 1
    and "lock"."granted"
    and "lock"."database" operator(pg_catalog.=) (select "db"."oid"
      from "pg_catalog"."pg_database" as "db"
      where "db"."datname" operator(pg_catalog.=) pg_catalog.current_database()))) as "working"
on "working"."job_id" operator(pg_catalog.=) "jobs"."que_jobs"."job_id"
group by "jobs"."que_jobs"."queue", "jobs"."que_jobs"."job_class"
order by "jobs"."que_jobs"."queue", "jobs"."que_jobs"."job_class"
