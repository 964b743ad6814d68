-- on the search path
select pg_advisory_unlock(unnest(cast(? as bigint[])))

-- in the schema jobs
select pg_advisory_unlock(unnest(cast(? as bigint[])))
