-- on the search path
select current_setting('transaction_read_only')

-- in the schema jobs
select current_setting('transaction_read_only')
