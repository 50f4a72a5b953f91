-- Makes a partitioned index whole: attaches those indexes i_children that are there, on its table's partitions, and not attached yet.
-- A partition that came since they were written down gets an index of its own. What went meanwhile is let go.
-- Called by: what index_definitions returns in `finish`, which may run again. Locks: the index's table and its partitions.
create or replace function londiste.attach_indexes(i_index text, i_children text[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_index regclass := i_index;
    v_table regclass := (select x.indrelid from pg_index x where x.indexrelid = v_index);
    v_child text;
    v_one record;
    v_known oid[];
begin
    foreach v_child in array i_children loop
        if exists (select from pg_index x
                     join pg_inherits h on h.inhrelid = x.indrelid and h.inhparent = v_table
                     join pg_class c on c.oid = x.indexrelid and not c.relispartition
                    where x.indexrelid = to_regclass(v_child)) then
            execute format('alter index %s attach partition %s', v_index, v_child);
        end if;
    end loop;

    for v_one in
        select h.inhrelid::regclass as partition, pg_get_constraintdef(k.oid) as condef, k.contype = 'p' as is_primary,
               -- What pg_get_indexdef begins with names the index and its table.
               case when i.indisunique then 'create unique index on ' else 'create index on ' end || h.inhrelid::regclass
               || substr(pg_get_indexdef(v_index), length(format('CREATE %sINDEX %I ON ONLY %s', case when i.indisunique then 'UNIQUE ' else '' end,
                                                                 c.relname, v_table)) + 1) as create_index
          from pg_inherits h
          join pg_class p on p.oid = h.inhrelid and p.relkind in ('r', 'p')
          join pg_index i on i.indexrelid = v_index
          join pg_class c on c.oid = v_index
          left join pg_constraint k on k.conindid = v_index and k.conrelid = v_table and k.contype in ('p', 'u', 'x')
         where h.inhparent = v_table
           and not exists (select from pg_inherits ih join pg_index x on x.indexrelid = ih.inhrelid
                            where ih.inhparent = v_index and x.indrelid = h.inhrelid)
         order by h.inhrelid
    loop
        -- It may have brought a primary key, which is the only one that it can have.
        v_known := array(select x.indexrelid from pg_index x
                          where x.indrelid = v_one.partition and not (x.indisprimary and coalesce(v_one.is_primary, false)));
        if not exists (select from pg_index x where x.indrelid = v_one.partition and x.indexrelid <> all (v_known)) then
            execute coalesce(format('alter table %s add ', v_one.partition) || v_one.condef, v_one.create_index);
        end if;
        execute (select format('alter index %s attach partition %s', v_index, x.indexrelid::regclass)
                   from pg_index x where x.indrelid = v_one.partition and x.indexrelid <> all (v_known));
    end loop;
end
$$;
