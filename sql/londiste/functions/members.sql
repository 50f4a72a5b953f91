-- The partitions of a table, of every level, in order; null for a table that is not partitioned.
-- Called by: provider_add_table, refresh_members. Locks: none.
create or replace function londiste.members(i_table oid)
returns oid[] language sql stable set search_path = pg_catalog, pg_temp as $$
    select array_agg(t.relid::oid order by t.relid::oid) from pg_partition_tree(i_table) t where t.relid <> i_table
$$;
