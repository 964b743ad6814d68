-- on the search path
insert into "que_jobs" ("queue", "priority", "run_at", "job_class", "args")
values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as pg_catalog.json))
returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id",
    case when "que_jobs"."run_at" operator(pg_catalog.<=) pg_catalog.clock_timestamp() then pg_catalog.pg_notify('qg_jobs',
      pg_catalog.concat("que_jobs"."priority", ' ', extract(epoch from "que_jobs"."run_at"),
        case when pg_catalog.octet_length("que_jobs"."queue") operator(pg_catalog.<=) 2000 then (' ' operator(pg_catalog.||) "que_jobs"."queue") end)) end

-- in the schema jobs
insert into "jobs"."que_jobs" ("queue", "priority", "run_at", "job_class", "args")
values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as pg_catalog.json))
returning "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id",
    case when "jobs"."que_jobs"."run_at" operator(pg_catalog.<=) pg_catalog.clock_timestamp() then pg_catalog.pg_notify('qg_jobs',
      pg_catalog.concat("jobs"."que_jobs"."priority", ' ',
        extract(epoch from "jobs"."que_jobs"."run_at"),
        case when pg_catalog.octet_length("jobs"."que_jobs"."queue") operator(pg_catalog.<=) 2000 then (' ' operator(pg_catalog.||) "jobs"."que_jobs"."queue") end)) end

-- on the search path, without notice
insert into "que_jobs" ("queue", "priority", "run_at", "job_class", "args")
values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as pg_catalog.json))
returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"

-- in the schema jobs, without notice
insert into "jobs"."que_jobs" ("queue", "priority", "run_at", "job_class", "args")
values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as pg_catalog.json))
returning "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id"

-- on the search path, for the id
insert into "que_jobs" ("queue", "priority", "run_at", "job_class", "args")
values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as pg_catalog.json))
returning "que_jobs"."job_id",
    case when "que_jobs"."run_at" operator(pg_catalog.<=) pg_catalog.clock_timestamp() then pg_catalog.pg_notify('qg_jobs',
      pg_catalog.concat("que_jobs"."priority", ' ', extract(epoch from "que_jobs"."run_at"),
        case when pg_catalog.octet_length("que_jobs"."queue") operator(pg_catalog.<=) 2000 then (' ' operator(pg_catalog.||) "que_jobs"."queue") end)) end

-- in the schema jobs, for the id
insert into "jobs"."que_jobs" ("queue", "priority", "run_at", "job_class", "args")
values (?, ?, cast(? as timestamp(6) with time zone), ?, cast(? as pg_catalog.json))
returning "jobs"."que_jobs"."job_id",
    case when "jobs"."que_jobs"."run_at" operator(pg_catalog.<=) pg_catalog.clock_timestamp() then pg_catalog.pg_notify('qg_jobs',
      pg_catalog.concat("jobs"."que_jobs"."priority", ' ',
        extract(epoch from "jobs"."que_jobs"."run_at"),
        case when pg_catalog.octet_length("jobs"."que_jobs"."queue") operator(pg_catalog.<=) 2000 then (' ' operator(pg_catalog.||) "jobs"."que_jobs"."queue") end)) end

-- on the search path, only what is required, without notice
insert into "que_jobs" ("job_class")
values (?)
returning "que_jobs"."queue", "que_jobs"."priority", "que_jobs"."run_at", "que_jobs"."job_id"

-- in the schema jobs, only what is required, without notice
insert into "jobs"."que_jobs" ("job_class")
values (?)
returning "jobs"."que_jobs"."queue", "jobs"."que_jobs"."priority", "jobs"."que_jobs"."run_at",
    "jobs"."que_jobs"."job_id"
