-- The SET clauses that a table's capture functions need, as text: the settings of the writing session that would
-- change how its values are written. Each clause costs every statement about a microsecond, so only those that its
-- types need. A type that is not PostgreSQL's own may depend on any of them.
-- Called by: create_capture. Locks: none.
create or replace function londiste.output_settings(i_table oid)
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    with recursive used (type) as (
        select a.atttypid from pg_attribute a
         where a.attrelid = i_table and a.attnum > 0 and not a.attisdropped
        union
        select part.type
          from used u
          join pg_type t on t.oid = u.type
          cross join lateral (
                select t.typbasetype where t.typtype = 'd'
                union all
                select t.typelem where t.typcategory = 'A'
                union all
                select a.atttypid from pg_attribute a
                 where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
                union all
                select r.rngsubtype from pg_range r where r.rngtypid = t.oid
                union all
                select r.rngtypid from pg_range r where r.rngmultitypid = t.oid) as part (type)
    ), plain as (
        select t.typname, t.typnamespace = 'pg_catalog'::regnamespace as is_own
          from used u join pg_type t on t.oid = u.type
         where t.typtype = 'b' and t.typcategory <> 'A'
    ), needed (clause, types) as (values
        ('datestyle = iso', '{date,time,timetz,timestamp,timestamptz}'::name[]),
        ('timezone = ''UTC''', '{timestamptz}'),
        ('intervalstyle = postgres', '{interval}'),
        ('extra_float_digits = 1', '{float4,float8,point,lseg,path,box,polygon,line,circle}'),
        ('bytea_output = hex', '{bytea}'),
        ('lc_monetary = ''C''', '{money}'))
    select coalesce(string_agg(' set ' || n.clause, '' order by n.clause), '')
      from needed n
     where exists (select from plain p where not p.is_own or p.typname = any (n.types))
$$;
