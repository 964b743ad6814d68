-- on the search path
select "there".*
from (select pg_catalog.unnest((select cast(? as smallint[]))) as "priority",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "first_run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "first_id",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "last_run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "last_id") as "range"
cross join lateral (select "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at",
      "que_jobs"."job_id", "que_jobs"."job_class",
      case when not (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) ?
    and (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then "que_jobs"."args" end as "args",
      "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs".ctid,
      case when (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) ?
    and (pg_catalog.pg_column_size("que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then pg_catalog.octet_length(cast("que_jobs"."args" as pg_catalog.text)) end as "length"
  from "que_jobs"
  cross join pg_catalog.generate_series(1, (select 1))
  where ("que_jobs"."queue" operator(pg_catalog.=) ?
    and "que_jobs"."priority" operator(pg_catalog.=) "range"."priority"
    and ("que_jobs"."run_at", "que_jobs"."job_id") operator(pg_catalog.>=) ("range"."first_run_at", "range"."first_id")
    and ("que_jobs"."run_at", "que_jobs"."job_id") operator(pg_catalog.<=) ("range"."last_run_at", "range"."last_id")
    and not (not ("que_jobs"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))))
  order by "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"
  fetch next 1000 rows only) as "there"

-- in the schema jobs
select "there".*
from (select pg_catalog.unnest((select cast(? as smallint[]))) as "priority",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "first_run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "first_id",
      pg_catalog.unnest((select cast(? as timestamp with time zone[]))) as "last_run_at",
      pg_catalog.unnest((select cast(? as bigint[]))) as "last_id") as "range"
cross join lateral (select "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority",
      "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id", "jobs"."que_jobs"."job_class",
      case when not (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) ?
    and (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("jobs"."que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then "jobs"."que_jobs"."args" end as "args",
      "jobs"."que_jobs"."error_count", "jobs"."que_jobs"."last_error", "jobs"."que_jobs".ctid,
      case when (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) ?
    and (pg_catalog.pg_column_size("jobs"."que_jobs"."args") operator(pg_catalog.>) 8192 or pg_catalog.octet_length(cast("jobs"."que_jobs"."args" as pg_catalog.text)) operator(pg_catalog.>) 8192)) then pg_catalog.octet_length(cast("jobs"."que_jobs"."args" as pg_catalog.text)) end as "length"
  from "jobs"."que_jobs"
  cross join pg_catalog.generate_series(1, (select 1))
  where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
    and "jobs"."que_jobs"."priority" operator(pg_catalog.=) "range"."priority"
    and ("jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id") operator(pg_catalog.>=) ("range"."first_run_at", "range"."first_id")
    and ("jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id") operator(pg_catalog.<=) ("range"."last_run_at", "range"."last_id")
    and not (not ("jobs"."que_jobs"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))))
  order by "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id"
  fetch next 1000 rows only) as "there"
