-- on the search path
listen "qg_jobs"

-- in the schema jobs
listen "qg_jobs"

-- on the search path, to end it
unlisten "qg_jobs"

-- in the schema jobs, to end it
unlisten "qg_jobs"
