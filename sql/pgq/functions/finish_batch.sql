-- Closes a batch: its consumer has passed its events. Returns 1; an unknown batch is a warning and 0.
create or replace function pgq.finish_batch(x_batch_id bigint) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_sort = off
as $$
begin
    update pgq.subscription
        set sub_active = now(), sub_last_tick = sub_next_tick, sub_next_tick = null, sub_batch = null
        where sub_batch = x_batch_id;
    if not found then
        raise warning 'finish_batch: batch % not found', x_batch_id;
        return 0;
    end if;
    return 1;
end;
$$;
