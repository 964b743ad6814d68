-- on the search path
select pg_catalog.nextval((select cast(pg_catalog.pg_get_serial_sequence('"que_jobs"', 'job_id') as pg_catalog.regclass)))
from pg_catalog.generate_series(1, ?)

-- in the schema jobs
select pg_catalog.nextval((select cast(pg_catalog.pg_get_serial_sequence('"jobs"."que_jobs"', 'job_id') as pg_catalog.regclass)))
from pg_catalog.generate_series(1, ?)
