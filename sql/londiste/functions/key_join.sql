-- A condition that says that row t of a table has the key (k.c1, k.c2, ...), by the equality operators of the key's
-- own index, so that the index serves it wherever the type's operators live. Every name is qualified: no
-- search_path can plant another `=`.
-- Called by: capture_body, unknown_layout_events. Locks: none.
create or replace function londiste.key_join(i_table oid, i_identity text default 'default')
returns text language sql stable set search_path = pg_catalog, pg_temp as $$
    select string_agg(format('t.%I operator(%I.%s) k.c%s', a.attname, n.nspname, o.oprname, x.ord), ' and '
                      order by x.ord)
      from pg_index i
      cross join lateral unnest(i.indkey::int2[], i.indclass::oid[]) with ordinality as x (attnum, opclass, ord)
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = x.attnum
      join pg_opclass c on c.oid = x.opclass
      join pg_amop m on m.amopfamily = c.opcfamily and m.amopstrategy = 3
                    and m.amoplefttype = c.opcintype and m.amoprighttype = c.opcintype
      join pg_operator o on o.oid = m.amopopr
      join pg_namespace n on n.oid = o.oprnamespace
     where i.indexrelid = (londiste.table_key(i_table, i_identity)).key_index and x.ord <= i.indnkeyatts
$$;
