-- on the search path
with recursive "step" as (select cast(? as smallint) as "priority",
      cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id",
      cast(? as bigint) as "wanted", cast(null as smallint[]) as "priorities",
      cast(null as timestamp with time zone[]) as "run_ats", cast(null as bigint[]) as "job_ids"
  where pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'off'
  union all
  select "last"."priority", "last"."run_at", "last"."job_id",
      ("step"."wanted" operator(pg_catalog.-) "taken"."count"), "taken"."priorities",
      "taken"."run_ats", "taken"."job_ids"
  from "step"
  cross join lateral (select pg_catalog.count(*) as "count",
        pg_catalog.array_agg("locked"."priority") as "priorities",
        pg_catalog.array_agg("locked"."run_at") as "run_ats",
        pg_catalog.array_agg("locked"."job_id") as "job_ids"
    from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
      from (select "job"."priority", "job"."run_at", "job"."job_id"
        from "que_jobs" as "job"
        cross join pg_catalog.generate_series(1, (select 1))
        where ("job"."queue" operator(pg_catalog.=) ?
          and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
          and ("job"."priority", "job"."run_at", "job"."job_id") operator(pg_catalog.>) ("step"."priority", "step"."run_at", "step"."job_id")
          and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[])))))
        order by "job"."priority", "job"."run_at", "job"."job_id"
        fetch next 1000 rows only) as "candidate"
      where pg_catalog.pg_try_advisory_lock("candidate"."job_id")
      fetch next "step"."wanted" rows only) as "locked") as "taken"
  left outer join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
    from "que_jobs" as "job"
    cross join pg_catalog.generate_series(1, (select 1))
    where ("job"."queue" operator(pg_catalog.=) ?
      and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
      and ("job"."priority", "job"."run_at", "job"."job_id") operator(pg_catalog.>) ("step"."priority", "step"."run_at", "step"."job_id")
      and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))
      and "taken"."count" operator(pg_catalog.<) "step"."wanted")
    order by "job"."priority", "job"."run_at", "job"."job_id"
    offset 999 rows
    fetch next 1 rows only) as "last"
  on true
  where "step"."job_id" is not null)
select pg_catalog.unnest("step"."priorities"), pg_catalog.unnest("step"."run_ats"),
    pg_catalog.unnest("step"."job_ids")
from "step"

-- in the schema jobs
with recursive "step" as (select cast(? as smallint) as "priority",
      cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id",
      cast(? as bigint) as "wanted", cast(null as smallint[]) as "priorities",
      cast(null as timestamp with time zone[]) as "run_ats", cast(null as bigint[]) as "job_ids"
  where pg_catalog.current_setting('transaction_read_only') operator(pg_catalog.=) 'off'
  union all
  select "last"."priority", "last"."run_at", "last"."job_id",
      ("step"."wanted" operator(pg_catalog.-) "taken"."count"), "taken"."priorities",
      "taken"."run_ats", "taken"."job_ids"
  from "step"
  cross join lateral (select pg_catalog.count(*) as "count",
        pg_catalog.array_agg("locked"."priority") as "priorities",
        pg_catalog.array_agg("locked"."run_at") as "run_ats",
        pg_catalog.array_agg("locked"."job_id") as "job_ids"
    from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
      from (select "job"."priority", "job"."run_at", "job"."job_id"
        from "jobs"."que_jobs" as "job"
        cross join pg_catalog.generate_series(1, (select 1))
        where ("job"."queue" operator(pg_catalog.=) ?
          and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
          and ("job"."priority", "job"."run_at", "job"."job_id") operator(pg_catalog.>) ("step"."priority", "step"."run_at", "step"."job_id")
          and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[])))))
        order by "job"."priority", "job"."run_at", "job"."job_id"
        fetch next 1000 rows only) as "candidate"
      where pg_catalog.pg_try_advisory_lock("candidate"."job_id")
      fetch next "step"."wanted" rows only) as "locked") as "taken"
  left outer join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
    from "jobs"."que_jobs" as "job"
    cross join pg_catalog.generate_series(1, (select 1))
    where ("job"."queue" operator(pg_catalog.=) ?
      and "job"."run_at" operator(pg_catalog.<=) pg_catalog.now()
      and ("job"."priority", "job"."run_at", "job"."job_id") operator(pg_catalog.>) ("step"."priority", "step"."run_at", "step"."job_id")
      and not ("job"."job_id" operator(pg_catalog.=) any (select pg_catalog.unnest(cast(? as bigint[]))))
      and "taken"."count" operator(pg_catalog.<) "step"."wanted")
    order by "job"."priority", "job"."run_at", "job"."job_id"
    offset 999 rows
    fetch next 1 rows only) as "last"
  on true
  where "step"."job_id" is not null)
select pg_catalog.unnest("step"."priorities"), pg_catalog.unnest("step"."run_ats"),
    pg_catalog.unnest("step"."job_ids")
from "step"
