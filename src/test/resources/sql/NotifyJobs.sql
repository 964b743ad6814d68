-- on the search path
select case when "notice"."run_at" operator(pg_catalog.<=) pg_catalog.clock_timestamp() then pg_catalog.pg_notify('qg_jobs',
      pg_catalog.concat("notice"."priority", ' ', extract(epoch from "notice"."run_at"),
        case when pg_catalog.octet_length("notice"."queue") operator(pg_catalog.<=) 2000 then (' ' operator(pg_catalog.||) "notice"."queue") end)) end
from (select pg_catalog.unnest(cast(? as pg_catalog.text[])) as "queue",
      pg_catalog.unnest(cast(? as smallint[])) as "priority",
      cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as timestamp with time zone) as "run_at") as "notice"

-- in the schema jobs
select case when "notice"."run_at" operator(pg_catalog.<=) pg_catalog.clock_timestamp() then pg_catalog.pg_notify('qg_jobs',
      pg_catalog.concat("notice"."priority", ' ', extract(epoch from "notice"."run_at"),
        case when pg_catalog.octet_length("notice"."queue") operator(pg_catalog.<=) 2000 then (' ' operator(pg_catalog.||) "notice"."queue") end)) end
from (select pg_catalog.unnest(cast(? as pg_catalog.text[])) as "queue",
      pg_catalog.unnest(cast(? as smallint[])) as "priority",
      cast(pg_catalog.unnest(cast(? as pg_catalog.text[])) as timestamp with time zone) as "run_at") as "notice"
