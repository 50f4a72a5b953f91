-- Another table of a queue's set that shares rows with this one: the nearest that it is a partition of, else the first of its own
-- partitions, of any level. Both would capture each of those rows. Null when there is none. Members of an inheritance
-- tree share none: each is captured with its own rows only.
-- Called by: provider_add_table, under the lock of the set's list; capture_problems. Locks: none.
create or replace function londiste.set_relative(
    i_queue_name text, i_table oid, out table_name text, out is_above boolean)
returns record language sql stable set search_path = pg_catalog, pg_temp as $$
    select p.table_name, r.is_above
      from (select a.relid, true as is_above, a.n
              from pg_partition_ancestors(i_table) with ordinality as a (relid, n) where a.relid <> i_table
             union all
            select m.relid, false, m.n from unnest(londiste.members(i_table)) with ordinality as m (relid, n)) r
      join londiste.provider_table p on p.queue_name = i_queue_name and p.table_oid = r.relid
     order by r.is_above desc, r.n
     limit 1
$$;
