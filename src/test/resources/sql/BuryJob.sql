-- on the search path
select (pg_catalog.set_config('qg.enable_seqscan', pg_catalog.current_setting('enable_seqscan'), true) is not null),
    (pg_catalog.set_config('enable_seqscan', 'off', true) is not null);
with "dead" as (delete from "que_jobs"
  where ("que_jobs"."queue" operator(pg_catalog.=) ?
    and "que_jobs"."priority" operator(pg_catalog.=) ?
    and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
    and "que_jobs"."job_id" operator(pg_catalog.=) ?
    and (select pg_catalog.set_config('enable_seqscan', pg_catalog.current_setting('qg.enable_seqscan'), true)) is not null)
  returning "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id", "que_jobs"."job_class",
      "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs"."queue")
insert into "qg_dead_jobs" ("job_id", "priority", "run_at", "job_class", "args", "error_count", "last_error", "queue")
select "dead"."job_id", "dead"."priority", "dead"."run_at", "dead"."job_class", "dead"."args",
    (least("dead"."error_count", 2147483646) operator(pg_catalog.+) 1), ?, "dead"."queue"
from "dead"

-- in the schema jobs
select (pg_catalog.set_config('qg.enable_seqscan', pg_catalog.current_setting('enable_seqscan'), true) is not null),
    (pg_catalog.set_config('enable_seqscan', 'off', true) is not null);
with "dead" as (delete from "jobs"."que_jobs"
  where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
    and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
    and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
    and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?
    and (select pg_catalog.set_config('enable_seqscan', pg_catalog.current_setting('qg.enable_seqscan'), true)) is not null)
  returning "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id",
      "jobs"."que_jobs"."job_class", "jobs"."que_jobs"."args", "jobs"."que_jobs"."error_count",
      "jobs"."que_jobs"."last_error", "jobs"."que_jobs"."queue")
insert into "jobs"."qg_dead_jobs" ("job_id", "priority", "run_at", "job_class", "args", "error_count", "last_error", "queue")
select "dead"."job_id", "dead"."priority", "dead"."run_at", "dead"."job_class", "dead"."args",
    (least("dead"."error_count", 2147483646) operator(pg_catalog.+) 1), ?, "dead"."queue"
from "dead"

-- on the search path, where the driver is hidden
with "dead" as (delete from "que_jobs"
  where ("que_jobs"."queue" operator(pg_catalog.=) ?
    and "que_jobs"."priority" operator(pg_catalog.=) ?
    and "que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
    and "que_jobs"."job_id" operator(pg_catalog.=) ?)
  returning "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id", "que_jobs"."job_class",
      "que_jobs"."args", "que_jobs"."error_count", "que_jobs"."last_error", "que_jobs"."queue")
insert into "qg_dead_jobs" ("job_id", "priority", "run_at", "job_class", "args", "error_count", "last_error", "queue")
select "dead"."job_id", "dead"."priority", "dead"."run_at", "dead"."job_class", "dead"."args",
    (least("dead"."error_count", 2147483646) operator(pg_catalog.+) 1), ?, "dead"."queue"
from "dead"

-- in the schema jobs, where the driver is hidden
with "dead" as (delete from "jobs"."que_jobs"
  where ("jobs"."que_jobs"."queue" operator(pg_catalog.=) ?
    and "jobs"."que_jobs"."priority" operator(pg_catalog.=) ?
    and "jobs"."que_jobs"."run_at" operator(pg_catalog.=) cast(? as timestamp with time zone)
    and "jobs"."que_jobs"."job_id" operator(pg_catalog.=) ?)
  returning "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at", "jobs"."que_jobs"."job_id",
      "jobs"."que_jobs"."job_class", "jobs"."que_jobs"."args", "jobs"."que_jobs"."error_count",
      "jobs"."que_jobs"."last_error", "jobs"."que_jobs"."queue")
insert into "jobs"."qg_dead_jobs" ("job_id", "priority", "run_at", "job_class", "args", "error_count", "last_error", "queue")
select "dead"."job_id", "dead"."priority", "dead"."run_at", "dead"."job_class", "dead"."args",
    (least("dead"."error_count", 2147483646) operator(pg_catalog.+) 1), ?, "dead"."queue"
from "dead"
