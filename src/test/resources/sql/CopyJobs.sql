-- on the search path
copy "que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args") from stdin

-- in the schema jobs
copy "jobs"."que_jobs" ("job_id", "queue", "priority", "run_at", "job_class", "args") from stdin

-- on the search path, only what is required
copy "que_jobs" ("job_id", "job_class") from stdin

-- in the schema jobs, only what is required
copy "jobs"."que_jobs" ("job_id", "job_class") from stdin
