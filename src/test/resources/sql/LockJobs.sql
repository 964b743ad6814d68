-- on the search path
with recursive "step" as (select cast(? as smallint) as "priority",
      cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id",
      cast(? as bigint) as "wanted", cast(null as smallint[]) as "priorities",
      cast(null as timestamp with time zone[]) as "run_ats", cast(null as bigint[]) as "job_ids"
  where current_setting('transaction_read_only') = 'off'
  union all
  select "last"."priority", "last"."run_at", "last"."job_id", ("step"."wanted" - "taken"."count"),
      "taken"."priorities", "taken"."run_ats", "taken"."job_ids"
  from "step"
  cross join lateral (select count(*) as "count", array_agg("locked"."priority") as "priorities",
        array_agg("locked"."run_at") as "run_ats", array_agg("locked"."job_id") as "job_ids"
    from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
      from (select "job"."priority", "job"."run_at", "job"."job_id"
        from "que_jobs" as "job"
        cross join generate_series(1, (select 1))
        where ("job"."queue" = ?
          and "job"."run_at" <= now()
          and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id")
          and "job"."job_id" not in (select unnest(cast(? as bigint[]))))
        order by "job"."priority", "job"."run_at", "job"."job_id"
        fetch next 1000 rows only) as "candidate"
      where pg_try_advisory_lock("candidate"."job_id")
      fetch next "step"."wanted" rows only) as "locked") as "taken"
  left outer join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
    from "que_jobs" as "job"
    cross join generate_series(1, (select 1))
    where ("job"."queue" = ?
      and "job"."run_at" <= now()
      and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id")
      and "job"."job_id" not in (select unnest(cast(? as bigint[])))
      and "taken"."count" < "step"."wanted")
    order by "job"."priority", "job"."run_at", "job"."job_id"
    offset 999 rows
    fetch next 1 rows only) as "last"
  on true
  where "step"."job_id" is not null)
select unnest("step"."priorities"), unnest("step"."run_ats"), unnest("step"."job_ids")
from "step"

-- in the schema jobs
with recursive "step" as (select cast(? as smallint) as "priority",
      cast(? as timestamp with time zone) as "run_at", cast(? as bigint) as "job_id",
      cast(? as bigint) as "wanted", cast(null as smallint[]) as "priorities",
      cast(null as timestamp with time zone[]) as "run_ats", cast(null as bigint[]) as "job_ids"
  where current_setting('transaction_read_only') = 'off'
  union all
  select "last"."priority", "last"."run_at", "last"."job_id", ("step"."wanted" - "taken"."count"),
      "taken"."priorities", "taken"."run_ats", "taken"."job_ids"
  from "step"
  cross join lateral (select count(*) as "count", array_agg("locked"."priority") as "priorities",
        array_agg("locked"."run_at") as "run_ats", array_agg("locked"."job_id") as "job_ids"
    from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id"
      from (select "job"."priority", "job"."run_at", "job"."job_id"
        from "jobs"."que_jobs" as "job"
        cross join generate_series(1, (select 1))
        where ("job"."queue" = ?
          and "job"."run_at" <= now()
          and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id")
          and "job"."job_id" not in (select unnest(cast(? as bigint[]))))
        order by "job"."priority", "job"."run_at", "job"."job_id"
        fetch next 1000 rows only) as "candidate"
      where pg_try_advisory_lock("candidate"."job_id")
      fetch next "step"."wanted" rows only) as "locked") as "taken"
  left outer join lateral (select "job"."priority", "job"."run_at", "job"."job_id"
    from "jobs"."que_jobs" as "job"
    cross join generate_series(1, (select 1))
    where ("job"."queue" = ?
      and "job"."run_at" <= now()
      and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id")
      and "job"."job_id" not in (select unnest(cast(? as bigint[])))
      and "taken"."count" < "step"."wanted")
    order by "job"."priority", "job"."run_at", "job"."job_id"
    offset 999 rows
    fetch next 1 rows only) as "last"
  on true
  where "step"."job_id" is not null)
select unnest("step"."priorities"), unnest("step"."run_ats"), unnest("step"."job_ids")
from "step"
