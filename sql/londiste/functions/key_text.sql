-- The expression of a key as record text, of the row that goes by i_alias: row(o.id, o.part)::text.
-- Called by: capture_query. Locks: none.
create or replace function londiste.key_text(i_alias text, i_key text[])
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format('row(%s)::text', string_agg(format('%s.%I', i_alias, c.name), ', ' order by c.ord))
      from unnest(i_key) with ordinality as c (name, ord)
$$;
