-- The tables of a queue's set in the order in which they were added. Called by: provider tables, subscribers.
-- Locks: none.
create or replace function londiste.provider_get_table_list(
    i_queue_name text, out table_name text, out key_columns text[], out layout_id text, out row_filter text, out nr integer)
returns setof record language sql stable as $$
    select p.table_name, p.key_columns, p.layout_id, p.row_filter, p.nr
      from londiste.provider_table p
     where p.queue_name = i_queue_name
     order by p.nr
$$;
