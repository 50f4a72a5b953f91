-- Closes a batch of a worker. Returns 1; an unknown batch, as one that another worker has taken over, is a warning and 0.
create or replace function pgq_coop.finish_batch(i_batch_id bigint) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
as $$
begin
    -- The main registration knows the position: a worker has ticks only while it has a batch.
    update pgq.subscription
        set sub_active = now(), sub_last_tick = null, sub_next_tick = null, sub_batch = null
        where sub_batch = i_batch_id;
    if not found then
        raise warning 'coop_finish_batch: batch % not found', i_batch_id;
        return 0;
    end if;
    return 1;
end;
$$;
