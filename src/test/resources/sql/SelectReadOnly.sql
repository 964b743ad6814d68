-- on the search path
select pg_catalog.current_setting('transaction_read_only')

-- in the schema jobs
select pg_catalog.current_setting('transaction_read_only')
