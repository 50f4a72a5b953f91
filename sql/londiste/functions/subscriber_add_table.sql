-- Puts a table of the set on this subscription's list; its first copy begins as soon as a replay sees it.
-- Called by: londiste subscriber add. Locks: none beyond the new row. Returns 1, or 0 when it is on the list already.
create or replace function londiste.subscriber_add_table(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
begin
    insert into londiste.table_state (queue_name, consumer_name, table_name)
    values (i_queue_name, i_consumer_name, i_table_name)
    on conflict do nothing;
    if not found then
        return 0;
    end if;
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
