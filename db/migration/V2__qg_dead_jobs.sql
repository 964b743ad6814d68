-- Where jobs go that will not be tried again. They leave que_jobs, so that no worker, of this library or
-- another, walks over them, and wait here for somebody to look at them: to run them again or to delete them.
--
-- The table's name is unqualified: it belongs to the first schema of the search_path, which decides nothing else.
-- The file can be run again.

CREATE TABLE IF NOT EXISTS qg_dead_jobs
(
    job_id      bigint PRIMARY KEY,                -- the job's own: given by que_jobs, kept when it is run again
    priority    smallint                 NOT NULL,
    run_at      timestamp with time zone NOT NULL,
    job_class   pg_catalog.text          NOT NULL,
    args        pg_catalog.json          NOT NULL,
    error_count integer                  NOT NULL,
    last_error  pg_catalog.text,
    queue       pg_catalog.text          NOT NULL,
    died_at     timestamp with time zone NOT NULL DEFAULT pg_catalog.now()
);

-- Dead jobs are listed a queue at a time, by the time of their death, and purged by age.
CREATE INDEX IF NOT EXISTS qg_dead_jobs_queue_died_at_idx ON qg_dead_jobs (queue, died_at);

COMMENT ON TABLE qg_dead_jobs IS 'Jobs of que_jobs that are not tried again, with their last error; kept until somebody decides';
COMMENT ON COLUMN qg_dead_jobs.run_at IS 'when the last try was due';
COMMENT ON COLUMN qg_dead_jobs.died_at IS 'when the job was moved here';
