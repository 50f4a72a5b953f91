-- The columns by which a table's rows are known: of the index that i_identity ('index NAME') names; with 'default' of its
-- primary key, else of the first by name of its unique indexes that will do. Returns nulls when there is none. With
-- 'full' and 'nothing' a row is known by no columns: the arrays are empty.
--
-- Only an immediate unique index over plain columns that are all NOT NULL will do: under a deferrable one two
-- transactions may both write a key before either commits, and the ids of their events tell nothing about who won.
-- In PL/pgSQL, which keeps its plan: row triggers have it asked for each statement.
-- Called by: current_layout, table_layout, create_capture. Locks: none.
create or replace function londiste.table_key(
    i_table oid, i_identity text default 'default',
    out key_index oid, out key_numbers smallint[], out key_columns text[])
returns record language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
    if i_identity in ('full', 'nothing') then
        key_numbers := '{}';
        key_columns := '{}';
        return;
    end if;
    if i_identity = 'default' then
        -- Columns of a primary key are NOT NULL, so nothing but the index has to be looked at.
        select i.indexrelid, (i.indkey::smallint[])[0:i.indnkeyatts - 1], (
               select array_agg(a.attname::text order by array_position(i.indkey, a.attnum))
                 from pg_attribute a
                where a.attrelid = i_table and a.attnum = any ((i.indkey::smallint[])[0:i.indnkeyatts - 1]))
          into key_index, key_numbers, key_columns
          from pg_index i
         where i.indrelid = i_table and i.indisprimary and i.indimmediate and i.indisvalid and not i.indisexclusion;
        if found then
            return;
        end if;
    end if;
    select i.indexrelid, array_agg(a.attnum order by k.ord), array_agg(a.attname::text order by k.ord)
      into key_index, key_numbers, key_columns
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      cross join lateral unnest(i.indkey::int2[]) with ordinality as k (attnum, ord)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
     where i.indrelid = i_table and i.indisunique and i.indimmediate and i.indisvalid
       and not i.indisexclusion and i.indpred is null and i.indexprs is null
       and k.ord <= i.indnkeyatts
       and (i_identity = 'default' or i_identity = 'index ' || c.relname)
     group by i.indexrelid, i.indisprimary, c.relname
    having bool_and(a.attnotnull and not exists (
               -- From PostgreSQL 18 on a NOT NULL constraint can be there without old rows having been checked.
               select from pg_constraint n
                where n.conrelid = i_table and n.contype = 'n' and not n.convalidated
                  and n.conkey = array[a.attnum]))
     order by i.indisprimary desc, c.relname
     limit 1;
end
$$;
