-- Records that all rows of a copy are here: of one in ranges once each has landed, else in the transaction that brought them,
-- with their number. The table keeps the position that it has, if events were applied to it between ranges.
-- Called by: the copier. Locks: the position row, the table's row. Returns false when the table is not in `copying` any
-- more, and then the caller rolls the rows back.
create or replace function londiste.land_copy(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_rows bigint default null)
returns boolean language plpgsql as $$
declare
    v_tick bigint;
    v_snapshot txid_snapshot;
    v_missing integer;
begin
    select t.position_tick, t.position_snapshot into v_tick, v_snapshot
      from londiste.table_state t
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name;
    if not londiste.set_table_state(
        i_queue_name, i_consumer_name, i_table_name, i_fence, array['copying'], 'building', v_tick, v_snapshot) then
        return false;
    end if;
    update londiste.copy_range r
       set state = 'done', copied_rows = i_rows
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name
       and r.relation is null;
    select count(*) into v_missing
      from londiste.copy_range r
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name
       and r.state <> 'done';
    if v_missing > 0 then
        raise exception 'table %: % ranges of its copy have not landed', i_table_name, v_missing
            using errcode = 'assert_failure';
    end if;
    return true;
end
$$;
