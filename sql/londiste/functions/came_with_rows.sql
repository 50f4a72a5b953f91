-- Whether a partition holds rows that were there before it was attached and have not been written since: no trigger
-- has seen those. One that was made by the transaction that attached it can only hold rows of that one's earlier
-- commands; in another one rows count that are of an older transaction, also when it wrote them later: a new copy without
-- need is no harm.
-- Called by: refresh_members, under a lock that keeps the partition as it is. Locks: none.
create or replace function londiste.came_with_rows(i_partition oid)
returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
    v_attached record;
    v_has boolean;
begin
    if (select c.relkind from pg_class c where c.oid = i_partition) <> 'r' then
        return false;
    end if;
    -- The last link that joined it to the tree: its own, or one of a partitioned partition above it.
    select i.xmin, i.cmin, exists (select from pg_attribute a
                                    where a.attrelid = i_partition and a.attname = 'ctid' and a.xmin = i.xmin) as is_made_there
      into strict v_attached
      from pg_inherits i
     where i.inhrelid in (select p.relid from pg_partition_ancestors(i_partition) p)
     order by age(i.xmin), i.cmin::text::bigint desc
     limit 1;
    execute format('select exists (select from only %s t where t.xmin = %L and t.cmin::text::bigint < %s or not %L and age(t.xmin) > %s)',
                   i_partition::regclass, v_attached.xmin, v_attached.cmin, v_attached.is_made_there, age(v_attached.xmin))
       into v_has;
    return v_has;
end
$$;
