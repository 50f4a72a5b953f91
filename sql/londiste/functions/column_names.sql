-- A query for the names of the columns of what stands in FROM as i_rows, in their order, as an array. The truth for this
-- transaction: what the server itself takes the rows for. Of no row: a value may have a cast to json of the application's,
-- which would run as our owner, and a virtual column an expression that raises.
-- Called by: capture_body, capture_row_changed, capture_truncate, capture_partition_truncate. Locks: none.
create or replace function londiste.column_names(i_rows text)
returns text language sql immutable set search_path = pg_catalog, pg_temp as $$
    select format('select array(select json_object_keys((select row_to_json(r.*) from'
                  ' (select x.* from (select) d left join %s x on false) r)))', i_rows)
$$;
