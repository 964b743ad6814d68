-- on the search path
select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    "que_jobs"."job_class",
    case when not (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) ?
  and (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then "que_jobs"."args" end,
    "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs".ctid,
    case when (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) ?
  and (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then pg_catalog.octet_length(cast("que_jobs"."args" as pg_catalog.text)) end
from "que_jobs"
cross join pg_catalog.generate_series(1, (select 1))
where ("que_jobs"."queue" operator(pg_catalog.=) ?
  and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") operator(pg_catalog.>=) (?, cast(? as timestamp with time zone), ?)
  and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") operator(pg_catalog.<=) (?, cast(? as timestamp with time zone), ?)
  and not (not ("que_jobs"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))))
order by "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
fetch next 1000 rows only

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class",
    case when not (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) ?
  and (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("jobs"."que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then "jobs"."que_jobs"."args" end,
    "jobs"."que_jobs"."error_count", "jobs"."que_jobs"."last_error", "jobs"."que_jobs".ctid,
    case when (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) ?
  and (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("jobs"."que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then pg_catalog.octet_length(cast("jobs"."que_jobs"."args" as pg_catalog.text)) end
from "jobs"."que_jobs"
cross join pg_catalog.generate_series(1, (select 1))
where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
  and ("jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id") operator(pg_catalog.>=) (?, cast(? as timestamp with time zone), ?)
  and ("jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id") operator(pg_catalog.<=) (?, cast(? as timestamp with time zone), ?)
  and not (not ("jobs"."que_jobs"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))))
order by "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id"
fetch next 1000 rows only
