-- A condition that says that rows o and n have the same key, byte for byte. Compared as values where equal values have
-- one text; where they may have others (numeric 1.0 and 1.00, float -0 and 0), where nobody has looked, and without
-- i_table, as text, which costs four times as much.
-- Called by: capture_body, capture_query. Locks: none.
create or replace function londiste.key_same(i_table oid, i_key text[])
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select case when count(*) = cardinality(i_key) and bool_and(
                     a.atttypid = any ('{int2,int4,int8,oid,uuid,date,timestamp,timestamptz,text,varchar}'::regtype[]))
           then string_agg(format(case when a.attcollation = 0 then 'o.%1$I = n.%1$I'
                                       else 'o.%1$I collate "C" = n.%1$I collate "C"' end, c.name), ' and ' order by c.ord)
           else format('row(%s)::text = row(%s)::text', londiste.key_list('o', i_key), londiste.key_list('n', i_key)) end
      from unnest(i_key) with ordinality as c (name, ord)
      left join pg_attribute a on a.attrelid = i_table and a.attname = c.name
$$;
