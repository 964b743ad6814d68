-- The job table of Ruby Que 0.x (schema version 3), que-go and qg, column for column, so that all of them
-- and this library work the same queue at the same time.
--
-- The table's name is unqualified: it belongs to the first schema of the search_path. Functions, operators and types
-- are named in full, so that the search_path can put no others in their place.
-- The file can be run again: it creates what is missing, changes nothing else, and refuses a table it does not know.

CREATE TABLE IF NOT EXISTS que_jobs
(
    priority    smallint                 NOT NULL DEFAULT 100,              -- lower first; 100 leaves room to be more urgent than usual
    run_at      timestamp with time zone NOT NULL DEFAULT pg_catalog.now(), -- not due before
    job_id      bigserial                NOT NULL,                          -- the key of the advisory lock that marks a job as working
    job_class   pg_catalog.text          NOT NULL,
    args        pg_catalog.json          NOT NULL DEFAULT '[]',
    error_count integer                  NOT NULL DEFAULT 0,
    last_error  pg_catalog.text,
    queue       pg_catalog.text          NOT NULL DEFAULT '',               -- '' is the default queue

    -- In the order in which workers read it: one index finds the next job, and a retry, which moves run_at,
    -- changes the key, so that a worker which lost the job cannot complete it.
    CONSTRAINT que_jobs_pkey PRIMARY KEY (queue, priority, run_at, job_id)
);

-- A table that was here before is adopted if it is version 3, however it was made; otherwise stop, and say what to do.
DO
$$
DECLARE
    -- Only the schema that CREATE TABLE wrote to: a que_jobs further down the search_path is another queue.
    jobs       CONSTANT pg_catalog.regclass := pg_catalog.format('%I.que_jobs', pg_catalog.current_schema());
    version    CONSTANT pg_catalog.text := pg_catalog.obj_description(jobs, 'pg_class');
    deviations pg_catalog.text;
BEGIN
    -- Que 0.x lacks "queue" and has an integer "priority" before version 3; Que 1.x renames columns after version 3.
    SELECT pg_catalog.string_agg(pg_catalog.format('column %s is not %s', expected.name, expected.type), ', ')
    INTO deviations
    FROM (VALUES ('priority', 'smallint'::pg_catalog.regtype), ('run_at', 'timestamp with time zone'), ('job_id', 'bigint'),
                 ('job_class', 'pg_catalog.text'), ('args', 'pg_catalog.json'), ('error_count', 'integer'),
                 ('last_error', 'pg_catalog.text'), ('queue', 'pg_catalog.text')) AS expected (name, type)
    WHERE NOT EXISTS (SELECT
                      FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid OPERATOR(pg_catalog.=) jobs
                        AND a.attname OPERATOR(pg_catalog.=) expected.name
                        AND NOT a.attisdropped
                        AND a.atttypid OPERATOR(pg_catalog.=) expected.type
                        AND a.atttypmod OPERATOR(pg_catalog.=) -1);

    IF deviations IS NOT NULL OR version OPERATOR(pg_catalog.<>) '3' THEN
        RAISE EXCEPTION 'table % is not the que_jobs of schema version 3: its comment is %, %',
            jobs, coalesce(pg_catalog.quote_literal(version), 'missing'), coalesce(deviations, 'its columns are as expected')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'If Ruby Que made it, migrate it with Que.migrate!(version: 3) first; '
                    'otherwise use another schema (search_path).';
    END IF;

    -- Ruby Que reads its schema version from the table's comment, and would migrate a table that has none.
    -- Never comment a column of this table: Ruby Que 0.x might take that comment for the version.
    IF version IS NULL THEN
        COMMENT ON TABLE que_jobs IS '3';
    END IF;
END
$$;
