-- Records that the rows of a copy are here, in the transaction that brought them.
-- Called by: the copier. Locks: the position row, the table's row. Returns false when the table is not in `copying` any
-- more, and then the caller rolls the rows back.
create or replace function londiste.land_copy(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_rows bigint)
returns boolean language plpgsql as $$
declare
    v_tick bigint;
begin
    select t.position_tick into v_tick
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if not londiste.set_table_state(
        i_queue_name, i_consumer_name, i_table_name, i_fence, array['copying'], 'building', v_tick) then
        return false;
    end if;
    update londiste.copy_range r
       set state = 'done', copied_rows = i_rows
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name;
    return true;
end
$$;
