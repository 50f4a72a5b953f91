-- Puts the copy of a table off until resume_copy: one that has not begun does not begin, one that is under way ends after the
-- ranges that are being copied. Returns 1, or 0 when the table is not on the list; raises when it has no copy.
-- Called by: londiste copy pause. Locks: the table's row.
create or replace function londiste.pause_copy(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_state text;
begin
    select t.state into v_state
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       for update;
    if not found then
        return 0;
    end if;
    if v_state not in ('wanted', 'copying', 'building', 'catching-up') then
        raise exception 'table % is not being copied, its state is %', i_table_name, v_state
            using errcode = 'object_not_in_prerequisite_state', hint = 'nothing to do';
    end if;
    update londiste.table_state t set copy_paused = true
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    return 1;
end
$$;
