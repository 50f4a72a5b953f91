-- A digest of all that a capture function has been generated from: the generation of our own code (count it up when
-- capture_body or what it calls makes other functions: maintenance then makes them anew), names of schema and table,
-- columns in order with their types, key. Not the layout id that events carry; that one outlives a rename.
--
-- A REPEATABLE READ transaction reads the catalogue as of its snapshot, while its statements run on the table as it
-- is now; and the wrong answer, once folded, would stay in the session after that transaction. So there we answer
-- only when no catalogue row that we read has been replaced since (a replaced one has an xmax), else '?', which
-- matches nothing. An ALTER that was rolled back leaves an xmax too: then the slow path is taken without need, and
-- is right as well.
-- Called by: layout, capture functions of rows, maintenance. Locks: none.
create or replace function londiste.current_layout(i_table oid, i_identity text default 'default')
returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') and (
           exists (select from pg_attribute where attrelid = i_table and attnum > 0 and xmax <> 0)
        or exists (select from pg_index where indrelid = i_table and xmax <> 0)
        or exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                    where c.oid = i_table and (c.xmax <> 0 or n.xmax <> 0))) then
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
