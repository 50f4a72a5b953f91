-- The columns of a key, of the row that goes by i_alias: o.id, o.part. Called by: capture_query. Locks: none.
create or replace function londiste.key_list(i_alias text, i_key text[])
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select string_agg(format('%s.%I', i_alias, c.name), ', ' order by c.ord)
      from unnest(i_key) with ordinality as c (name, ord)
$$;
