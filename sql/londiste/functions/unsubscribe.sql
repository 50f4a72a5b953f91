-- Ends a subscription: its consumer and its hold consumer go, and with them the provider's duty to keep events for
-- it.
-- Called by: londiste subscriber unregister. Returns 1, or 0 when there is none. Locks: the subscription's row.
create or replace function londiste.unsubscribe(i_queue_name text, i_consumer_name text, i_node_id uuid)
returns integer language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_holder londiste.subscription;
begin
    select * into v_holder from londiste.subscription s
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name for update;
    if not found then
        return 0;
    elsif v_holder.node_id <> i_node_id then
        raise exception 'consumer % of queue % belongs to another subscriber, database % (node %)',
              i_consumer_name, i_queue_name, v_holder.node_name, v_holder.node_id
            using errcode = 'object_not_in_prerequisite_state', hint = 'londiste ... subscriber unregister there';
    end if;
    if v_holder.hold_consumer is not null then
        perform pgq.unregister_consumer(i_queue_name, v_holder.hold_consumer);
    end if;
    perform pgq.unregister_consumer(i_queue_name, i_consumer_name);
    delete from londiste.subscription s
     where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name;
    return 1;
end
$$;
