-- What it takes to make a table like this one elsewhere, of which rows are known by the columns i_key:
--   {columns: [{name, type, collation or null, not_null, default or null, generated: '' | 's' | 'v', identity: '' | 'a' | 'd',
--               sequence: null or {name, options}}] in order; `default` is the expression of a generated column too, and
--       `sequence` what an identity column draws from,
--    sequences: [{name, type, options, owner: column or null}] that defaults draw from,
--    key: null or {name, is_primary}}, the name of the primary key over exactly these columns, else of the first such index.
-- Names and expressions are qualified as far as they are not pg_catalog's. Null when there is no such table.
-- Called by: subscriber add --create, on the provider. Locks: none.
create or replace function londiste.table_definition(i_table_name text, i_key text[])
returns json language sql stable set search_path = pg_catalog, pg_temp as $$
    with options as (
        select s.seqrelid,
               format('%I.%I', n.nspname, c.relname) as name,
               format_type(s.seqtypid, null) as type,
               format('increment by %s minvalue %s maxvalue %s start with %s cache %s%s', s.seqincrement, s.seqmin,
                      s.seqmax, s.seqstart, s.seqcache, case when s.seqcycle then ' cycle' end) as options
          from pg_sequence s
          join pg_class c on c.oid = s.seqrelid
          join pg_namespace n on n.oid = c.relnamespace
    ), drawn as (
        select distinct o.*, d.adrelid, (
               select a.attname from pg_depend own join pg_attribute a on a.attrelid = own.refobjid and a.attnum = own.refobjsubid
                where own.classid = 'pg_class'::regclass and own.objid = o.seqrelid and own.deptype = 'a'
                  and own.refobjid = d.adrelid) as owner
          from pg_attrdef d
          join pg_depend uses on uses.classid = 'pg_attrdef'::regclass and uses.objid = d.oid
               and uses.refclassid = 'pg_class'::regclass
          join options o on o.seqrelid = uses.refobjid
    )
    select json_build_object(
        'columns', (
            select coalesce(json_agg(json_build_object(
                       'name', a.attname,
                       'type', format_type(a.atttypid, a.atttypmod),
                       'collation', case when a.attcollation <> t.typcollation then (
                            select format('%I.%I', n.nspname, l.collname)
                              from pg_collation l join pg_namespace n on n.oid = l.collnamespace
                             where l.oid = a.attcollation) end,
                       'not_null', a.attnotnull,
                       'default', (select pg_get_expr(d.adbin, d.adrelid) from pg_attrdef d
                                    where d.adrelid = a.attrelid and d.adnum = a.attnum),
                       'generated', a.attgenerated,
                       'identity', a.attidentity,
                       'sequence', case when a.attidentity <> '' then (
                            select json_build_object('name', o.name, 'options', o.options)
                              from pg_depend own join options o on o.seqrelid = own.objid
                             where own.classid = 'pg_class'::regclass and own.deptype = 'i'
                               and own.refobjid = a.attrelid and own.refobjsubid = a.attnum) end)
                       order by a.attnum), '[]')
              from pg_attribute a join pg_type t on t.oid = a.atttypid
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
        'sequences', (
            select coalesce(json_agg(json_build_object('name', d.name, 'type', d.type, 'options', d.options,
                                                       'owner', d.owner) order by d.name), '[]')
              from drawn d where d.adrelid = c.oid),
        'key', (
            select json_build_object('name', ic.relname, 'is_primary', i.indisprimary)
              from pg_index i join pg_class ic on ic.oid = i.indexrelid
             where i.indrelid = c.oid and i.indisunique and i.indimmediate and i.indpred is null and i.indexprs is null
               and i_key <> '{}'
               and (select array_agg(a.attname::text order by a.attname::text)
                      from unnest(i.indkey::int2[]) with ordinality as k (attnum, nr)
                      join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
                     where k.nr <= i.indnkeyatts) = (select array_agg(k order by k) from unnest(i_key) as k)
             order by i.indisprimary desc, ic.relname
             limit 1))
      from pg_class c
     where c.oid = to_regclass(i_table_name) and c.relkind in ('r', 'p')
$$;
