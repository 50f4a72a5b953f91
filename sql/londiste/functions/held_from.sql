-- The first tick from which tables of a subscription that stand elsewhere than it need events (null when none does), and
-- whether a copy has begun that has not stored yet from which tick on it will.
-- Called by: the copier, replay when it starts. Locks: none.
create or replace function londiste.held_from(
    i_queue_name text, i_consumer_name text, out tick_id bigint, out is_starting boolean)
language sql stable as $$
    select min(t.position_tick) filter (where t.state <> 'ok'),
           coalesce(bool_or(t.state = 'copying' and t.position_tick is null), false)
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name
$$;
