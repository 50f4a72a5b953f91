-- Keeps the last error of a table where `subscriber tables` shows it; the state stays as it is. Null takes it away.
-- Called by: the copier and replay after a failure. Locks: the row.
create or replace function londiste.set_table_error(
    i_queue_name text, i_consumer_name text, i_table_name text,
    i_error text, i_sqlstate text default null, i_hint text default null, i_key text default null)
returns void language sql as $$
    update londiste.table_state t
       set error = i_error, error_sqlstate = i_sqlstate, error_hint = i_hint, error_key = i_key
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
$$;
