-- on the search path
select ((cast("lock"."classid" as bigint) operator(pg_catalog.<<) 32) operator(pg_catalog.|) cast("lock"."objid" as bigint))
from "pg_catalog"."pg_locks" as "lock"
where ("lock"."locktype" operator(pg_catalog.=) 'advisory'
  and "lock"."objsubid" operator(pg_catalog.=) 1
  and "lock"."granted"
  and "lock"."pid" operator(pg_catalog.=) pg_catalog.pg_backend_pid())

-- in the schema jobs
select ((cast("lock"."classid" as bigint) operator(pg_catalog.<<) 32) operator(pg_catalog.|) cast("lock"."objid" as bigint))
from "pg_catalog"."pg_locks" as "lock"
where ("lock"."locktype" operator(pg_catalog.=) 'advisory'
  and "lock"."objsubid" operator(pg_catalog.=) 1
  and "lock"."granted"
  and "lock"."pid" operator(pg_catalog.=) pg_catalog.pg_backend_pid())
