-- Takes an operator's word that a table's rows are those of the provider where the subscription stands: the table is `ok`
-- without a copy, from whatever state, and replay applies its events from that position on.
-- Called by: londiste subscriber add, resync. Locks: the position row, so that replay is between two batches. Returns 1, or 0
-- when the table is not on the list; raises when there is no position yet, or a copy has left something of the table undone.
create or replace function londiste.expect_sync(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_tick bigint;
    v_missing text;
begin
    select p.tick_id into v_tick from londiste.lock_position(i_queue_name, i_consumer_name) p;
    if v_tick is null then
        raise exception 'table %: this subscription stands nowhere yet, so that nothing can be equal there', i_table_name
            using errcode = 'object_not_in_prerequisite_state', hint = 'londiste CONFIG replay -d, then this again';
    end if;
    select string_agg(d.kind || ' ' || d.name, ', ') into v_missing
      from londiste.missing_definitions(i_queue_name, i_consumer_name, i_table_name) d
     where not d.is_there;
    if v_missing is not null then
        raise exception 'table %: its copy has dropped % and not built it again', i_table_name, v_missing
            using errcode = 'object_not_in_prerequisite_state',
                  hint = format('londiste CONFIG subscriber resync %s without --expect-sync, or build it', i_table_name);
    end if;
    return londiste.reset_table(i_queue_name, i_consumer_name, i_table_name, 'ok');
end
$$;
