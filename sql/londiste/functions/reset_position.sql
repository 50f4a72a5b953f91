-- Forgets where a subscription stands: its position has no tick any more and all its tables want a copy.
-- Called by: londiste subscriber unregister. Locks: the position row.
-- Returns how many tables will be copied anew once it is registered again; null when there is no such subscription.
create or replace function londiste.reset_position(i_queue_name text, i_consumer_name text)
returns integer language plpgsql as $$
declare
    v_tables integer;
begin
    update londiste.position p
       set tick_id = null, tick_time = null, tick_snapshot = null, tick_event_seq = null, epoch = null,
           -- A replay that runs must not go on from what it has in memory.
           fence = p.fence + 1
     where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name;
    if not found then
        return null;
    end if;

    select count(londiste.subscriber_resync_table(i_queue_name, i_consumer_name, t.table_name))
      into v_tables
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name;
    return v_tables;
end
$$;
