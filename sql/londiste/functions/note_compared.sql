-- Keeps how far a continuous compare has come with a table: the tick at which its last pass began, and how long ago that was; no tick
-- when rows of it differ.
-- Called by: compare --continuous. Locks: the row.
create or replace function londiste.note_compared(
    i_queue_name text, i_consumer_name text, i_table_name text, i_equal_tick bigint, i_ago interval, i_differing bigint)
returns void language sql set search_path = pg_catalog, pg_temp as $$
    insert into londiste.compare_state as s (queue_name, consumer_name, table_name, equal_tick, equal_at, differing, compared_at)
    select t.queue_name, t.consumer_name, t.table_name, i_equal_tick,
           case when i_equal_tick is not null then clock_timestamp() - i_ago end, i_differing, clock_timestamp()
      from londiste.table_state t
     where (t.queue_name, t.consumer_name, t.table_name) = (i_queue_name, i_consumer_name, i_table_name)
    on conflict (queue_name, consumer_name, table_name) do update
       set equal_tick = coalesce(excluded.equal_tick, s.equal_tick),
           equal_at = coalesce(excluded.equal_at, s.equal_at),
           differing = excluded.differing, compared_at = excluded.compared_at
$$;
