-- Where jobs go that will not be tried again. They leave que_jobs, so that no worker, of this library or
-- another, walks over them, and wait here for somebody to look at them: to run them again or to delete them.
--
-- Names are unqualified: the table belongs to the first schema of the search_path. The file can be run again.

CREATE TABLE IF NOT EXISTS qg_dead_jobs
(
    job_id      bigint PRIMARY KEY,                 -- the job's own: given by que_jobs, kept when it is run again
    priority    smallint    NOT NULL,
    run_at      timestamptz NOT NULL,
    job_class   text        NOT NULL,
    args        json        NOT NULL,
    error_count integer     NOT NULL,
    last_error  text,
    queue       text        NOT NULL,
    died_at     timestamptz NOT NULL DEFAULT now()
);

-- Dead jobs are listed a queue at a time, by the time of their death, and purged by age.
CREATE INDEX IF NOT EXISTS qg_dead_jobs_queue_died_at_idx ON qg_dead_jobs (queue, died_at);

COMMENT ON TABLE qg_dead_jobs IS 'Jobs of que_jobs that are not tried again, with their last error; kept until somebody decides';
COMMENT ON COLUMN qg_dead_jobs.run_at IS 'when the last try was due';
COMMENT ON COLUMN qg_dead_jobs.died_at IS 'when the job was moved here';
