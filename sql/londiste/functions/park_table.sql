-- Takes a table out of the stream because of an error, from any of the expected states, and keeps the error with what
-- to type about it. Returns false, and changes nothing, when the table is in none of them.
-- It stands at the position that is given, or at its own where none is: that is where `retry` goes on, and from there
-- the provider must keep its events. A table that does not exist here (or the shadow that its copy went to), or whose copy failed, has no position: events
-- are of no use without the rows that were there before, and `retry` copies.
-- Called by: replay, in the transaction that applies the others' rows, and the copier. Locks: the position row, then
-- the table's row. Raises LD001 when the caller was replaced.
create or replace function londiste.park_table(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_expected text[],
    i_position_tick bigint, i_position_snapshot txid_snapshot,
    i_error text, i_sqlstate text, i_hint text, i_key text)
returns boolean language plpgsql as $$
declare
    v_exists boolean;
    v_table londiste.table_state;
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    select to_regclass(londiste.landing_table(t)) is not null into v_exists
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if i_position_snapshot is null and exists (
        select from londiste.table_state t
         where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
           and t.state = 'ok') then
        raise exception 'table % has no position of its own to be parked at', i_table_name
            using errcode = 'invalid_parameter_value';
    end if;
    update londiste.table_state t
       set state = 'parked',
           -- A copy that is not complete has none either, even where events were applied between its ranges.
           position_snapshot = case when v_exists and t.state <> 'copying' then coalesce(i_position_snapshot, t.position_snapshot) end,
           position_tick = case
               when not v_exists or t.state = 'copying' then null
               when i_position_snapshot is not null then i_position_tick
               when t.position_snapshot is not null then t.position_tick
           end,
           error = i_error, error_sqlstate = i_sqlstate, error_hint = i_hint, error_key = i_key,
           since = clock_timestamp()
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = any (i_expected)
    returning * into v_table;
    if not found then
        return false;
    end if;
    if not londiste.needs_shadow(v_table) then
        perform londiste.drop_shadow(v_table.nr);
    end if;
    return true;
end
$$;
