-- Puts the copy of a table off until resume_copy: one that has not begun does not begin, one that is under way ends after the
-- ranges that are being copied. Returns 1, or 0 when the table is not on the list; raises when it has no copy.
-- Called by: londiste copy pause. Locks: the table's row.
create or replace function londiste.pause_copy(i_queue_name text, i_consumer_name text, i_table_name text)
returns integer language plpgsql as $$
declare
    v_table londiste.table_state := londiste.lock_copied_table(
        i_queue_name, i_consumer_name, i_table_name, '{wanted,copying,building,catching-up}');
begin
    if v_table.table_name is null then
        return 0;
    end if;
    update londiste.table_state t set copy_paused = true
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    return 1;
end
$$;
