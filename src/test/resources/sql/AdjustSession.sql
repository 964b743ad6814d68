-- on the search path
select current_setting(?, true), set_config(?, ?, false) where current_setting(?, true) is not null

-- in the schema jobs
select current_setting(?, true), set_config(?, ?, false) where current_setting(?, true) is not null
