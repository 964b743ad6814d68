-- on the search path
select "setting"."name", pg_catalog.current_setting("setting"."name", true),
    pg_catalog.set_config("setting"."name", "setting"."value", false)
from (select pg_catalog.unnest(cast(? as pg_catalog.text[])) as "name",
      pg_catalog.unnest(cast(? as pg_catalog.text[])) as "value") as "setting"
where pg_catalog.current_setting("setting"."name", true) is not null

-- in the schema jobs
select "setting"."name", pg_catalog.current_setting("setting"."name", true),
    pg_catalog.set_config("setting"."name", "setting"."value", false)
from (select pg_catalog.unnest(cast(? as pg_catalog.text[])) as "name",
      pg_catalog.unnest(cast(? as pg_catalog.text[])) as "value") as "setting"
where pg_catalog.current_setting("setting"."name", true) is not null

-- on the search path, unless they are set
select "setting"."name", pg_catalog.current_setting("setting"."name", true),
    pg_catalog.set_config("setting"."name", "setting"."value", false)
from (select pg_catalog.unnest(cast(? as pg_catalog.text[])) as "name",
      pg_catalog.unnest(cast(? as pg_catalog.text[])) as "value") as "setting"
where (pg_catalog.current_setting("setting"."name", true) is not null
  and "setting"."name" operator(pg_catalog.=) any (select "pg_settings"."name"
    from "pg_catalog"."pg_settings"
    where "pg_settings"."source" operator(pg_catalog.=) 'default'))

-- in the schema jobs, unless they are set
select "setting"."name", pg_catalog.current_setting("setting"."name", true),
    pg_catalog.set_config("setting"."name", "setting"."value", false)
from (select pg_catalog.unnest(cast(? as pg_catalog.text[])) as "name",
      pg_catalog.unnest(cast(? as pg_catalog.text[])) as "value") as "setting"
where (pg_catalog.current_setting("setting"."name", true) is not null
  and "setting"."name" operator(pg_catalog.=) any (select "pg_settings"."name"
    from "pg_catalog"."pg_settings"
    where "pg_settings"."source" operator(pg_catalog.=) 'default'))
