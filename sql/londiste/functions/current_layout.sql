-- A digest of all that a capture function has been generated from: the generation of our own code (count it up when
-- capture_body or what it calls makes other functions: maintenance then makes them anew), names of schema and table,
-- columns in order with their types, key. Not the layout id that events carry; that one outlives a rename.
--
-- A statement can run on a newer table than its snapshot shows in the catalogue: in a REPEATABLE READ transaction, where the
-- wrong answer, once folded, would also stay in the session after it; and a COPY, an EXECUTE or a change that native logical
-- replication brings, which take their snapshot before they wait for the table's lock. So we answer only when no
-- catalogue row that we read has been replaced since, else '?', which matches nothing.
-- Called by: layout, capture functions of rows, maintenance. Locks: none.
create or replace function londiste.current_layout(i_table oid, i_identity text default 'default')
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    -- First: beside a row that was replaced a REPEATABLE READ transaction may see its own newer one.
    if exists (select from pg_attribute where attrelid = i_table and attnum > 0 and xmax <> 0 and londiste.is_replaced(xmax))
       or exists (select from pg_index where indrelid = i_table and xmax <> 0 and londiste.is_replaced(xmax))
       or exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where c.oid = i_table and (c.xmax <> 0 and londiste.is_replaced(c.xmax)
                                              or n.xmax <> 0 and londiste.is_replaced(n.xmax))) then
        return '?';
    end if;
    return (
        select md5(format('capture 7 of %I.%I key %s columns %s', n.nspname, c.relname,
                   (londiste.table_key(i_table, i_identity)).key_numbers, (
                   select string_agg(format('%s %I %s %s %s', a.attnum, a.attname, a.atttypid, a.atttypmod,
                                            a.attgenerated), ', ' order by a.attnum)
                     from pg_attribute a
                    where a.attrelid = i_table and a.attnum > 0 and not a.attisdropped)))
          from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.oid = i_table);
end
$$;
