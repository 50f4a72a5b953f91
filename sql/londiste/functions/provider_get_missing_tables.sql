-- The tables of the application that are not in a queue's set, in the order of their names: ordinary and partitioned ones,
-- whatever may keep one of them from being captured. Not partitions: the table that they are parts of stands for them.
-- Called by: provider add with a pattern or --all. Locks: none.
create or replace function londiste.provider_get_missing_tables(i_queue_name text)
returns setof text language sql stable set search_path = pg_catalog, pg_temp as $$
    select format('%I.%I', n.nspname, c.relname)
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and c.relpersistence <> 't' and not c.relispartition
       and n.nspname not in ('pgq', 'londiste', 'information_schema') and n.nspname !~ '^pg_'
       -- What an extension has made is the extension's, on both sides.
       and not exists (select from pg_depend d
                        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
       and not exists (select from londiste.provider_table p
                        where p.queue_name = i_queue_name and p.table_oid = c.oid)
     order by n.nspname, c.relname
$$;
