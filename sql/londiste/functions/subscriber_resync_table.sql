-- Asks for a new copy of a table, whatever state it is in.
-- Called by: londiste subscriber resync, reset_position. Locks: the position row, so that replay is between two
-- batches: it applies the table's events in none that ends after this. Returns 1, or 0 when it is not on the list.
create or replace function londiste.subscriber_resync_table(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    return londiste.reset_table(i_queue_name, i_consumer_name, i_table_name, 'wanted');
end
$$;
