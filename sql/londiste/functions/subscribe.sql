-- Registers a subscriber of a queue, or finds it registered, and returns the tick at which it stands: what comes
-- after that tick has not been finished by it. A consumer name belongs to one subscriber's node; two that share it
-- would each get half of the batches.
-- Called by: londiste subscriber register, replay. Locks: the subscription's row.
create or replace function londiste.subscribe(
    i_queue_name text, i_consumer_name text, i_node_id uuid, i_node_name text,
    out tick_id bigint, out tick_time timestamptz, out tick_snapshot txid_snapshot, out tick_event_seq bigint,
    out epoch integer)
returns record language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    v_queue_id integer := londiste.queue_id(i_queue_name);
    v_registered integer;
    v_holder londiste.subscription;
begin
    insert into londiste.subscription (queue_name, consumer_name, node_id, node_name)
    values (i_queue_name, i_consumer_name, i_node_id, i_node_name)
    on conflict (queue_name, consumer_name) do nothing
    returning * into v_holder;
    if found then
        v_registered := pgq.register_consumer(i_queue_name, i_consumer_name);
        if v_registered = 0 then
            raise exception 'consumer % of queue % is registered by another program', i_consumer_name, i_queue_name
                using errcode = 'object_not_in_prerequisite_state',
                      hint = format('use another job_name, or pgqadm CONFIG unregister %s %s',
                                    i_queue_name, i_consumer_name);
        end if;
    else
        select * into v_holder from londiste.subscription s
         where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name for update;
        if v_holder.node_id <> i_node_id then
            raise exception 'consumer % of queue % belongs to another subscriber, database % (node %)',
                  i_consumer_name, i_queue_name, v_holder.node_name, v_holder.node_id
                using errcode = 'object_not_in_prerequisite_state',
                      hint = 'use another job_name, or londiste ... subscriber unregister there';
        end if;
        update londiste.subscription s set node_name = i_node_name
         where s.queue_name = i_queue_name and s.consumer_name = i_consumer_name and s.node_name <> i_node_name;
        perform pgq.register_consumer(i_queue_name, i_consumer_name);
    end if;

    select t.tick_id, t.tick_time, t.tick_snapshot, t.tick_event_seq, pgq.get_epoch(i_queue_name, t.tick_id)
      into strict tick_id, tick_time, tick_snapshot, tick_event_seq, epoch
      from pgq.subscription s
      join pgq.consumer c on c.co_id = s.sub_consumer
      join pgq.tick t on t.tick_queue = s.sub_queue and t.tick_id = s.sub_last_tick
     where s.sub_queue = v_queue_id and c.co_name = i_consumer_name;
end
$$;
