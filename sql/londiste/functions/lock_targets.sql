-- Locks tables for writing until the end of the transaction, so that none of them is altered meanwhile, and returns a
-- signature of each: as long as it is the same, so are the table and its columns and indexes. Null for one that does
-- not exist.
-- Called by: replay and copier, before they write to the tables. Locks: the tables, in the order of their names.
create or replace function londiste.lock_targets(i_table_names text[])
returns table (table_name text, signature text)
language plpgsql as $$
declare
    v_oid oid;
begin
    for table_name in select n from unnest(i_table_names) n order by n loop
        v_oid := to_regclass(table_name);
        signature := null;
        if v_oid is not null then
            execute format('lock table only %s in row exclusive mode', table_name);
            select concat_ws(' ', v_oid,
                       (select string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated, a.attidentity), ','
                                          order by a.attnum)
                          from pg_catalog.pg_attribute a
                         where a.attrelid = v_oid and a.attnum > 0 and not a.attisdropped),
                       (select string_agg(i.indexrelid::text, ',' order by i.indexrelid)
                          from pg_catalog.pg_index i where i.indrelid = v_oid and (i.indisunique or i.indisexclusion)))
              into signature;
        end if;
        return next;
    end loop;
end
$$;
