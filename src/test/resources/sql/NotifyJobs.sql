-- on the search path
select case when "notice"."run_at" <= clock_timestamp() then pg_notify('qg_jobs',
      concat("notice"."priority", ' ', extract(epoch from "notice"."run_at"),
        case when octet_length("notice"."queue") <= 2000 then (' ' || "notice"."queue") end)) end
from (select unnest(cast(? as text[])) as "queue", unnest(cast(? as smallint[])) as "priority",
      cast(unnest(cast(? as text[])) as timestamp with time zone) as "run_at") as "notice"

-- in the schema jobs
select case when "notice"."run_at" <= clock_timestamp() then pg_notify('qg_jobs',
      concat("notice"."priority", ' ', extract(epoch from "notice"."run_at"),
        case when octet_length("notice"."queue") <= 2000 then (' ' || "notice"."queue") end)) end
from (select unnest(cast(? as text[])) as "queue", unnest(cast(? as smallint[])) as "priority",
      cast(unnest(cast(? as text[])) as timestamp with time zone) as "run_at") as "notice"
