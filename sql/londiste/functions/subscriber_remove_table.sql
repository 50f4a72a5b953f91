-- Takes a table off this subscription's list; its rows stay. A copy of it that is under way finds no row to move on
-- and gives up. The definitions of what that copy has dropped and not built again stay: see missing_definitions.
-- Called by: londiste subscriber remove. Locks: the position row. Returns 1, or 0 when it was not on the list.
create or replace function londiste.subscriber_remove_table(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_nr integer;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name);
    delete from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
    returning t.nr into v_nr;
    if not found then
        return 0;
    end if;
    delete from londiste.stored_definition d
     where d.queue_name = i_queue_name and d.consumer_name = i_consumer_name and d.table_name = i_table_name
       and not d.is_dropped;
    perform londiste.drop_shadow(v_nr);
    perform pg_notify('londiste_tables', i_queue_name || '/' || i_consumer_name);
    return 1;
end
$$;
