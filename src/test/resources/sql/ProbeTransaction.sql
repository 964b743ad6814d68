-- on the search path
select pg_catalog.set_config('qg.in_transaction', 'on', true)

-- in the schema jobs
select pg_catalog.set_config('qg.in_transaction', 'on', true)

-- on the search path, to look for it
select (pg_catalog.current_setting('qg.in_transaction', true) operator(pg_catalog.=) 'on')

-- in the schema jobs, to look for it
select (pg_catalog.current_setting('qg.in_transaction', true) operator(pg_catalog.=) 'on')
