-- on the search path
with recursive "step" as (select "tried"."priority", "tried"."run_at", "tried"."job_id",
      "tried"."locked", (? - count(*) filter (where "tried"."locked") over ()) as "wanted",
      (count(*) over () - row_number() over (order by "tried"."priority", "tried"."run_at", "tried"."job_id")) as "behind"
  from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
        pg_try_advisory_lock("candidate"."job_id") as "locked"
    from (select "job"."priority", "job"."run_at", "job"."job_id"
      from "que_jobs" as "job"
      cross join generate_series(1, (select 1))
      where ("job"."queue" = ? and "job"."run_at" <= now() and "job"."job_id" <> all (cast(? as bigint[])))
      order by "job"."priority", "job"."run_at", "job"."job_id"
      fetch next ? rows only) as "candidate"
    order by 1, 2, 3
    fetch next 1000 rows only) as "tried"
  union all
  select "next".*
  from "step"
  cross join lateral (select "tried"."priority", "tried"."run_at", "tried"."job_id",
        "tried"."locked",
        ("step"."wanted" - count(*) filter (where "tried"."locked") over ()) as "wanted",
        (count(*) over () - row_number() over (order by "tried"."priority", "tried"."run_at", "tried"."job_id")) as "behind"
    from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
          pg_try_advisory_lock("candidate"."job_id") as "locked"
      from (select "job"."priority", "job"."run_at", "job"."job_id"
        from "que_jobs" as "job"
        cross join generate_series(1, (select 1))
        where ("job"."queue" = ?
          and "job"."run_at" <= now()
          and "job"."job_id" <> all (cast(? as bigint[]))
          and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id"))
        order by "job"."priority", "job"."run_at", "job"."job_id"
        fetch next "step"."wanted" rows only) as "candidate"
      order by 1, 2, 3
      fetch next 1000 rows only) as "tried") as "next"
  where ("step"."behind" = 0 and "step"."wanted" > 0))
select "step"."priority", "step"."run_at", "step"."job_id"
from "step"
where "step"."locked"

-- in the schema jobs
with recursive "step" as (select "tried"."priority", "tried"."run_at", "tried"."job_id",
      "tried"."locked", (? - count(*) filter (where "tried"."locked") over ()) as "wanted",
      (count(*) over () - row_number() over (order by "tried"."priority", "tried"."run_at", "tried"."job_id")) as "behind"
  from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
        pg_try_advisory_lock("candidate"."job_id") as "locked"
    from (select "job"."priority", "job"."run_at", "job"."job_id"
      from "jobs"."que_jobs" as "job"
      cross join generate_series(1, (select 1))
      where ("job"."queue" = ? and "job"."run_at" <= now() and "job"."job_id" <> all (cast(? as bigint[])))
      order by "job"."priority", "job"."run_at", "job"."job_id"
      fetch next ? rows only) as "candidate"
    order by 1, 2, 3
    fetch next 1000 rows only) as "tried"
  union all
  select "next".*
  from "step"
  cross join lateral (select "tried"."priority", "tried"."run_at", "tried"."job_id",
        "tried"."locked",
        ("step"."wanted" - count(*) filter (where "tried"."locked") over ()) as "wanted",
        (count(*) over () - row_number() over (order by "tried"."priority", "tried"."run_at", "tried"."job_id")) as "behind"
    from (select "candidate"."priority", "candidate"."run_at", "candidate"."job_id",
          pg_try_advisory_lock("candidate"."job_id") as "locked"
      from (select "job"."priority", "job"."run_at", "job"."job_id"
        from "jobs"."que_jobs" as "job"
        cross join generate_series(1, (select 1))
        where ("job"."queue" = ?
          and "job"."run_at" <= now()
          and "job"."job_id" <> all (cast(? as bigint[]))
          and ("job"."priority", "job"."run_at", "job"."job_id") > ("step"."priority", "step"."run_at", "step"."job_id"))
        order by "job"."priority", "job"."run_at", "job"."job_id"
        fetch next "step"."wanted" rows only) as "candidate"
      order by 1, 2, 3
      fetch next 1000 rows only) as "tried") as "next"
  where ("step"."behind" = 0 and "step"."wanted" > 0))
select "step"."priority", "step"."run_at", "step"."job_id"
from "step"
where "step"."locked"
