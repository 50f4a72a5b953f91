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
declare
    v_schema name;
    v_name name;
    v_columns text;
    v_is_replaced boolean;
begin
    -- Beside a row that was replaced a REPEATABLE READ transaction may see its own newer one: the replaced one counts.
    select n.nspname, c.relname, a.columns,
           a.is_replaced
           or c.xmax <> 0 and londiste.is_replaced(c.xmax)
           or n.xmax <> 0 and londiste.is_replaced(n.xmax)
           or exists (select from pg_index where indrelid = i_table and xmax <> 0 and londiste.is_replaced(xmax))
               as is_replaced
      into v_schema, v_name, v_columns, v_is_replaced
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
           select string_agg(format('%s %I %s %s %s', attnum, attname, atttypid, atttypmod, attgenerated),
                             ', ' order by attnum) filter (where not attisdropped) as columns,
                  coalesce(bool_or(xmax <> 0 and londiste.is_replaced(xmax)), false) as is_replaced
             from pg_attribute
            where attrelid = i_table and attnum > 0) a
     where c.oid = i_table
     order by is_replaced desc
     limit 1;
    if v_is_replaced then
        return '?';
    elsif v_name is not null then
        return md5(format('capture 7 of %I.%I key %s columns %s', v_schema, v_name,
                          (londiste.table_key(i_table, i_identity)).key_numbers, v_columns));
    end if;
    return null;
end
$$;
