-- on the search path
select "setting"."name", current_setting("setting"."name", true),
    set_config("setting"."name", "setting"."value", false)
from (select unnest(cast(? as text[])) as "name", unnest(cast(? as text[])) as "value") as "setting"
where current_setting("setting"."name", true) is not null

-- in the schema jobs
select "setting"."name", current_setting("setting"."name", true),
    set_config("setting"."name", "setting"."value", false)
from (select unnest(cast(? as text[])) as "name", unnest(cast(? as text[])) as "value") as "setting"
where current_setting("setting"."name", true) is not null
