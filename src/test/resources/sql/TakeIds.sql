-- on the search path
select nextval((select cast(pg_get_serial_sequence('"que_jobs"', 'job_id') as regclass)))
from generate_series(1, ?)

-- in the schema jobs
select nextval((select cast(pg_get_serial_sequence('"jobs"."que_jobs"', 'job_id') as regclass)))
from generate_series(1, ?)
