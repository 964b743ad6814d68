-- The job table of Ruby Que 0.x (schema version 3), que-go and qg, column for column, so that all of them
-- and this library work the same queue at the same time.
--
-- Names are unqualified: the table belongs to the first schema of the search_path.
-- The file can be run again: it creates what is missing, changes nothing else, and refuses a table it does not know.

CREATE TABLE IF NOT EXISTS que_jobs
(
    priority    smallint    NOT NULL DEFAULT 100,   -- lower first; 100 leaves room to be more urgent than usual
    run_at      timestamptz NOT NULL DEFAULT now(), -- not due before
    job_id      bigserial   NOT NULL,               -- the key of the advisory lock that marks a job as working
    job_class   text        NOT NULL,
    args        json        NOT NULL DEFAULT '[]'::json,
    error_count integer     NOT NULL DEFAULT 0,
    last_error  text,
    queue       text        NOT NULL DEFAULT '',    -- '' is the default queue

    -- In the order in which workers read it: one index finds the next job, and a retry, which moves run_at,
    -- changes the key, so that a worker which lost the job cannot complete it.
    CONSTRAINT que_jobs_pkey PRIMARY KEY (queue, priority, run_at, job_id)
);

-- A table that was here before is adopted if it is version 3, however it was made; otherwise stop, and say what to do.
DO
$$
DECLARE
    -- Only the schema that CREATE TABLE wrote to: a que_jobs further down the search_path is another queue.
    jobs       CONSTANT regclass := format('%I.que_jobs', current_schema())::regclass;
    version    CONSTANT text     := obj_description(jobs, 'pg_class');
    deviations text;
BEGIN
    -- Que 0.x lacks "queue" and has an integer "priority" before version 3; Que 1.x renames columns after version 3.
    SELECT string_agg(format('column %s is not %s', expected.name, expected.type), ', ')
    INTO deviations
    FROM (VALUES ('priority', 'smallint'), ('run_at', 'timestamp with time zone'), ('job_id', 'bigint'),
                 ('job_class', 'text'), ('args', 'json'), ('error_count', 'integer'), ('last_error', 'text'),
                 ('queue', 'text')) AS expected (name, type)
    WHERE NOT EXISTS (SELECT
                      FROM pg_attribute a
                      WHERE a.attrelid = jobs
                        AND a.attname = expected.name
                        AND NOT a.attisdropped
                        AND format_type(a.atttypid, a.atttypmod) = expected.type);

    IF deviations IS NOT NULL OR version <> '3' THEN
        RAISE EXCEPTION 'table % is not the que_jobs of schema version 3: its comment is %, %',
            jobs, coalesce(quote_literal(version), 'missing'), coalesce(deviations, 'its columns are as expected')
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
