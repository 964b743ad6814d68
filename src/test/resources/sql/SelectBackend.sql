-- on the search path
select pg_catalog.pg_backend_pid()

-- in the schema jobs
select pg_catalog.pg_backend_pid()
