-- Moves a table from one of the expected states to the next. Returns false, and changes nothing, when it is in none of
-- them (an operator removed it or asked for a new copy meanwhile): then the caller must give its work up.
-- The position is stored as given; a table that replay holds (`ok`) has none of its own.
-- Called by: the copier and replay, for states that they own. Locks: the position row, then the table's row. Raises LD001
-- when the caller was replaced.
create or replace function londiste.set_table_state(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint,
    i_expected text[], i_state text,
    i_position_tick bigint default null, i_position_snapshot txid_snapshot default null)
returns boolean language plpgsql as $$
declare
    v_nr integer;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    update londiste.table_state t
       set state = i_state,
           position_tick = i_position_tick,
           position_snapshot = i_position_snapshot,
           copy_paused = t.copy_paused and i_state not in ('ready', 'ok'),
           -- Replay has made the table itself equal, and from here on writes to it.
           copy_mode = case when i_state = 'ok' and t.copy_mode = 'shadow' then 'replace' else t.copy_mode end,
           attempts = case when i_state = 'ok' then 0 else t.attempts end,
           error = case when i_state in ('ready', 'ok') then null else t.error end,
           error_sqlstate = case when i_state in ('ready', 'ok') then null else t.error_sqlstate end,
           error_hint = case when i_state in ('ready', 'ok') then null else t.error_hint end,
           error_key = case when i_state in ('ready', 'ok') then null else t.error_key end,
           since = case when i_state = t.state then t.since else clock_timestamp() end
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = any (i_expected)
    returning t.nr into v_nr;
    if not found then
        return false;
    end if;
    if i_state = 'ok' then
        perform londiste.drop_shadow(v_nr);
    end if;
    return true;
end
$$;
