-- Gives a dead letter back to its consumer: it is due at once, as if it had never been retried, and the letter goes.
-- Returns the event's id.
create or replace function pgq.dead_retry(i_dl_id bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    d record;
    owner integer;
begin
    delete from pgq.dead_letter where dl_id = i_dl_id and dl_time <> 'infinity' returning * into d;
    if not found then
        raise exception 'dead letter not found: %', i_dl_id;
    end if;
    select s.sub_id into owner
        from pgq.subscription s join pgq.consumer c on c.co_id = s.sub_consumer
        where s.sub_queue = d.dl_queue and c.co_name = d.dl_consumer;
    if not found then
        raise exception 'consumer not registered';
    end if;

    insert into pgq.retry_queue as r (ev_retry_after, ev_queue, ev_id, ev_time, ev_txid, ev_owner, ev_retry,
            ev_type, ev_data, ev_extra1, ev_extra2, ev_extra3, ev_extra4)
        values (current_timestamp, d.dl_queue, d.ev_id, d.ev_time, null, owner, 0,
            d.ev_type, d.ev_data, d.ev_extra1, d.ev_extra2, d.ev_extra3, d.ev_extra4)
        on conflict (ev_owner, ev_id) do update
            set ev_retry_after = excluded.ev_retry_after, ev_retry = excluded.ev_retry;
    return d.ev_id;
end;
$$;
