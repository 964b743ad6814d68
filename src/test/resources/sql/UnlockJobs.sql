-- on the search path
select pg_catalog.pg_advisory_unlock(pg_catalog.unnest(cast(? as bigint[])))

-- in the schema jobs
select pg_catalog.pg_advisory_unlock(pg_catalog.unnest(cast(? as bigint[])))
