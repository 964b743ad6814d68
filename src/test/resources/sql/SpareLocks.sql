-- on the search path
select pg_try_advisory_lock(1903585906, ((pg_backend_pid() * 4) + "spare"))
from generate_series(0, 3) as "spare" ("spare")

-- in the schema jobs
select pg_try_advisory_lock(1903585906, ((pg_backend_pid() * 4) + "spare"))
from generate_series(0, 3) as "spare" ("spare")

-- on the search path, to give them up
select pg_advisory_unlock(1903585906, ((pg_backend_pid() * 4) + "spare"))
from generate_series(0, 3) as "spare" ("spare")

-- in the schema jobs, to give them up
select pg_advisory_unlock(1903585906, ((pg_backend_pid() * 4) + "spare"))
from generate_series(0, 3) as "spare" ("spare")
