-- on the search path
select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    "que_jobs"."job_class",
    case when not (pg_column_size("que_jobs"."args") > ?
  and (pg_column_size("que_jobs"."args") > 8192 or octet_length(cast("que_jobs"."args" as text)) > 8192)) then "que_jobs"."args" end,
    "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs".ctid,
    case when (pg_column_size("que_jobs"."args") > ?
  and (pg_column_size("que_jobs"."args") > 8192 or octet_length(cast("que_jobs"."args" as text)) > 8192)) then octet_length(cast("que_jobs"."args" as text)) end
from "que_jobs"
cross join generate_series(1, (select 1))
where ("que_jobs"."queue" = ?
  and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") >= (?, cast(? as timestamp with time zone), ?)
  and ("que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id") <= (?, cast(? as timestamp with time zone), ?)
  and not ("que_jobs"."job_id" not in (select unnest(cast(? as bigint[])))))
order by "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
fetch next 1000 rows only

-- in the schema jobs
select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class",
    case when not (pg_column_size("jobs"."que_jobs"."args") > ?
  and (pg_column_size("jobs"."que_jobs"."args") > 8192 or octet_length(cast("jobs"."que_jobs"."args" as text)) > 8192)) then "jobs"."que_jobs"."args" end,
    "jobs"."que_jobs"."error_count", "jobs"."que_jobs"."last_error", "jobs"."que_jobs".ctid,
    case when (pg_column_size("jobs"."que_jobs"."args") > ?
  and (pg_column_size("jobs"."que_jobs"."args") > 8192 or octet_length(cast("jobs"."que_jobs"."args" as text)) > 8192)) then octet_length(cast("jobs"."que_jobs"."args" as text)) end
from "jobs"."que_jobs"
cross join generate_series(1, (select 1))
where ("jobs"."que_jobs"."queue" = ?
  and ("jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id") >= (?, cast(? as timestamp with time zone), ?)
  and ("jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id") <= (?, cast(? as timestamp with time zone), ?)
  and not ("jobs"."que_jobs"."job_id" not in (select unnest(cast(? as bigint[])))))
order by "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id"
fetch next 1000 rows only
