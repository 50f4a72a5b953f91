-- Begins the copy of a table that is wanted, or goes on with one that was cut off: what is stored of that stays. Returns
-- false when the table is in neither state, or paused.
-- A copy of some of the rows goes on from the position that the others stand at; one that has lost it copies all.
-- Called by: the copier. Locks: the position row, then the table's row. Raises LD001 when the caller was replaced.
create or replace function londiste.start_copy(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint)
returns boolean language plpgsql as $$
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    delete from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name
       and exists (select from londiste.table_state t
                    where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name
                      and t.table_name = i_table_name and t.state = 'wanted');
    update londiste.table_state t
       set state = 'copying',
           attempts = t.attempts + 1,
           copy_mode = case when t.copy_where is null or t.position_snapshot is not null then t.copy_mode else 'replace' end,
           copy_where = case when t.position_snapshot is not null then t.copy_where end,
           position_tick = case when t.state = 'copying' or t.copy_mode = 'keep' then t.position_tick end,
           position_snapshot = case when t.state = 'copying' or t.copy_mode = 'keep' then t.position_snapshot end,
           snapshot_min = case when t.state = 'copying' then t.snapshot_min end,
           snapshot_max = case when t.state = 'copying' then t.snapshot_max end,
           dest_files = case when t.state = 'copying' then t.dest_files end,
           since = case when t.state = 'copying' then t.since else clock_timestamp() end
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state in ('wanted', 'copying') and not t.copy_paused;
    return found;
end
$$;
