-- The files that a table's rows lie in: its own, or those of its partitions, with their sizes in blocks of the server.
-- Called by: the copier on both sides, and clear_target. Locks: none; the caller has locked the table.
create or replace function londiste.table_files(
    i_table_name text, out relation text, out filenode bigint, out blocks bigint, out bytes bigint)
returns setof record language sql stable set search_path = pg_catalog, pg_temp as $$
    select format('%I.%I', n.nspname, c.relname), coalesce(pg_relation_filenode(c.oid), 0)::bigint,
           pg_relation_size(c.oid) / current_setting('block_size')::bigint, pg_relation_size(c.oid)
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
     where c.oid = any (array(select i_table_name::regclass union select t.relid from pg_partition_tree(i_table_name::regclass) t where t.isleaf))
       and c.relkind <> 'p'
     order by 1
$$;
