-- The tick that closes a batch of at least i_min_count events and i_min_interval length; nothing when there is none yet.
-- The last tick will do unless the batch would be more than twice as large; then the first tick that is enough is
-- searched for.
-- Called by: pgq.next_batch_custom.
create or replace function pgq.find_tick_helper(
    in i_queue_id integer, in i_prev_tick_id bigint, in i_prev_tick_time timestamptz, in i_prev_tick_seq bigint,
    in i_min_count bigint, in i_min_interval interval,
    out next_tick_id bigint, out next_tick_time timestamptz, out next_tick_seq bigint
)
language plpgsql
as $$
declare
    t record;
    is_large boolean;
begin
    select tick_id, tick_time, tick_event_seq,
            tick_event_seq - i_prev_tick_seq as events, tick_time - i_prev_tick_time as length
        into t
        from pgq.tick
        where tick_queue = i_queue_id and tick_id > i_prev_tick_id
        order by tick_queue desc, tick_id desc limit 1;
    if not found or t.events < i_min_count or t.length < i_min_interval then
        return;
    end if;

    is_large := coalesce(t.events > i_min_count * 2, false) or coalesce(t.length > i_min_interval * 2, false);
    if is_large then
        select tick_id, tick_time, tick_event_seq into t
            from pgq.tick
            where tick_queue = i_queue_id and tick_id > i_prev_tick_id
                and (i_min_count is null or tick_event_seq - i_prev_tick_seq >= i_min_count)
                and (i_min_interval is null or tick_time - i_prev_tick_time >= i_min_interval)
            order by tick_queue, tick_id limit 1;
    end if;
    next_tick_id := t.tick_id;
    next_tick_time := t.tick_time;
    next_tick_seq := t.tick_event_seq;
end;
$$;
