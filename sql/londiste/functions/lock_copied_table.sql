-- The row of a table whose copy an operator steers, locked until the end of the transaction; null when it is not on the list. Raises when its
-- state is none of those in which there is something to steer.
-- Called by: pause_copy, cancel_copy. Locks: the table's row.
create or replace function londiste.lock_copied_table(
    i_queue_name text, i_consumer_name text, i_table_name text, i_expected text[])
returns londiste.table_state language plpgsql as $$
declare
    v_table londiste.table_state;
begin
    select * into v_table
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       for update;
    if found and v_table.state <> all (i_expected) then
        raise exception 'table % is not being copied, its state is %', i_table_name, v_table.state
            using errcode = 'object_not_in_prerequisite_state', hint = 'nothing to do';
    end if;
    return v_table;
end
$$;
