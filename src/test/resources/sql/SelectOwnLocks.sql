-- on the search path
select ((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint))
from "pg_catalog"."pg_locks" as "lock"
where ("lock"."locktype" = 'advisory'
  and "lock"."objsubid" = 1
  and "lock"."granted"
  and "lock"."pid" = pg_backend_pid())

-- in the schema jobs
select ((cast("lock"."classid" as bigint) << 32) | cast("lock"."objid" as bigint))
from "pg_catalog"."pg_locks" as "lock"
where ("lock"."locktype" = 'advisory'
  and "lock"."objsubid" = 1
  and "lock"."granted"
  and "lock"."pid" = pg_backend_pid())
