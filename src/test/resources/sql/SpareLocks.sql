-- on the search path
select pg_catalog.pg_try_advisory_lock(1903585906, ((pg_catalog.pg_backend_pid() operator(pg_catalog.*) 4) operator(pg_catalog.+) "spare"))
from pg_catalog.generate_series(0, 3) as "spare" ("spare")

-- in the schema jobs
select pg_catalog.pg_try_advisory_lock(1903585906, ((pg_catalog.pg_backend_pid() operator(pg_catalog.*) 4) operator(pg_catalog.+) "spare"))
from pg_catalog.generate_series(0, 3) as "spare" ("spare")

-- on the search path, to give them up
select pg_catalog.pg_advisory_unlock(1903585906, ((pg_catalog.pg_backend_pid() operator(pg_catalog.*) 4) operator(pg_catalog.+) "spare"))
from pg_catalog.generate_series(0, 3) as "spare" ("spare")

-- in the schema jobs, to give them up
select pg_catalog.pg_advisory_unlock(1903585906, ((pg_catalog.pg_backend_pid() operator(pg_catalog.*) 4) operator(pg_catalog.+) "spare"))
from pg_catalog.generate_series(0, 3) as "spare" ("spare")
