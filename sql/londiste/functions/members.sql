-- The partitions of a table, of every level, in order; null for a table that is not partitioned. Read from the catalogue:
-- pg_partition_tree locks each of them, and would wait for whoever alters or truncates one.
-- Called by: check_capturable, is_written_by_replication, capture_triggers, provider_add_table, capture_problems,
-- refresh_members, set_relative. Locks: none.
create or replace function londiste.members(i_table oid)
returns oid[] language sql stable set search_path = pg_catalog, pg_temp as $$
    with recursive tree (relid) as (
        select i_table
         union all
        select i.inhrelid
          from tree t
          join pg_class c on c.oid = t.relid and c.relkind = 'p'
          join pg_inherits i on i.inhparent = t.relid and not i.inhdetachpending)
    select array_agg(t.relid order by t.relid) from tree t where t.relid <> i_table
$$;
