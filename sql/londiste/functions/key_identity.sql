-- The columns of a key, of the row that goes by i_alias, as values that are equal only where their texts are: then
-- keys can be compared as they are, which costs a quarter of comparing their texts. Null where a type has equal values
-- with other texts (numeric 1.0 and 1.00, float -0 and 0), or where nobody has looked.
-- Called by: capture_body. Locks: none.
create or replace function londiste.key_identity(i_table oid, i_alias text, i_key text[])
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select case when bool_and(a.atttypid = any ('{int2,int4,int8,oid,uuid,date,timestamp,timestamptz,text,varchar}'::regtype[]))
           then string_agg(format(case when a.attcollation = 0 then '%s.%I' else '%s.%I collate "C"' end,
                                  i_alias, c.name), ', ' order by c.ord) end
      from unnest(i_key) with ordinality as c (name, ord)
      join pg_attribute a on a.attrelid = i_table and a.attname = c.name
$$;
