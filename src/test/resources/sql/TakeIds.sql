-- on the search path
select pg_catalog.nextval((select case when "pg_attrdef"."oid" is null then cast(pg_catalog.pg_get_serial_sequence('"que_jobs"', 'job_id') as pg_catalog.regclass) else cast("pg_depend"."refobjid" as pg_catalog.regclass) end
    from "pg_catalog"."pg_attribute"
    left outer join "pg_catalog"."pg_attrdef"
    on ("pg_attrdef"."adrelid" operator(pg_catalog.=) "pg_attribute"."attrelid"
      and "pg_attrdef"."adnum" operator(pg_catalog.=) "pg_attribute"."attnum")
    left outer join "pg_catalog"."pg_depend"
    on ("pg_depend"."classid" operator(pg_catalog.=) pg_catalog.to_regclass('pg_catalog.pg_attrdef')
      and "pg_depend"."objid" operator(pg_catalog.=) "pg_attrdef"."oid"
      and "pg_depend"."refclassid" operator(pg_catalog.=) pg_catalog.to_regclass('pg_catalog.pg_class')
      and pg_catalog.replace(pg_catalog.pg_get_expr("pg_attrdef"."adbin", "pg_attrdef"."adrelid"), 'pg_catalog.', '') operator(pg_catalog.=) pg_catalog.replace('nextval(''%''::regclass)',
            '%',
            pg_catalog.replace(cast(cast("pg_depend"."refobjid" as pg_catalog.regclass) as pg_catalog.text), '''', '''''')))
    where ("pg_attribute"."attrelid" operator(pg_catalog.=) cast('"que_jobs"' as pg_catalog.regclass)
      and "pg_attribute"."attname" operator(pg_catalog.=) 'job_id')))
from pg_catalog.generate_series(1, ?)

-- in the schema jobs
select pg_catalog.nextval((select case when "pg_attrdef"."oid" is null then cast(pg_catalog.pg_get_serial_sequence('"jobs"."que_jobs"', 'job_id') as pg_catalog.regclass) else cast("pg_depend"."refobjid" as pg_catalog.regclass) end
    from "pg_catalog"."pg_attribute"
    left outer join "pg_catalog"."pg_attrdef"
    on ("pg_attrdef"."adrelid" operator(pg_catalog.=) "pg_attribute"."attrelid"
      and "pg_attrdef"."adnum" operator(pg_catalog.=) "pg_attribute"."attnum")
    left outer join "pg_catalog"."pg_depend"
    on ("pg_depend"."classid" operator(pg_catalog.=) pg_catalog.to_regclass('pg_catalog.pg_attrdef')
      and "pg_depend"."objid" operator(pg_catalog.=) "pg_attrdef"."oid"
      and "pg_depend"."refclassid" operator(pg_catalog.=) pg_catalog.to_regclass('pg_catalog.pg_class')
      and pg_catalog.replace(pg_catalog.pg_get_expr("pg_attrdef"."adbin", "pg_attrdef"."adrelid"), 'pg_catalog.', '') operator(pg_catalog.=) pg_catalog.replace('nextval(''%''::regclass)',
            '%',
            pg_catalog.replace(cast(cast("pg_depend"."refobjid" as pg_catalog.regclass) as pg_catalog.text), '''', '''''')))
    where ("pg_attribute"."attrelid" operator(pg_catalog.=) cast('"jobs"."que_jobs"' as pg_catalog.regclass)
      and "pg_attribute"."attname" operator(pg_catalog.=) 'job_id')))
from pg_catalog.generate_series(1, ?)
