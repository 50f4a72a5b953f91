-- Records that the rows of one range are here, in the transaction that brought them. The position row is only read, so that
-- neither replay waits for a range nor a range for replay: whoever takes the copy over changes the table's row first, and either
-- waits for this transaction there, or is seen by it.
-- Called by: the copier, last before it commits. Locks: the table's row in share mode, the range's row. Returns false when the
-- range is not this copy's any more, and then the caller rolls the rows back; raises LD001 when it was replaced.
create or replace function londiste.land_range(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint,
    i_nr integer, i_snapshot txid_snapshot, i_rows bigint)
returns boolean language plpgsql as $$
begin
    perform from londiste.table_state t
      where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
        and t.state = 'copying' and t.snapshot_max::text = i_snapshot::text
        for share;
    if not found then
        return false;
    end if;
    perform from londiste.position p
      where p.queue_name = i_queue_name and p.consumer_name = i_consumer_name and p.fence = i_fence;
    if not found then
        raise exception 'another replay serves consumer % of queue % now', i_consumer_name, i_queue_name
            using errcode = 'LD001';
    end if;
    update londiste.copy_range r
       set state = 'done', snapshot = i_snapshot, copied_rows = i_rows
     where r.queue_name = i_queue_name and r.consumer_name = i_consumer_name and r.table_name = i_table_name
       and r.nr = i_nr and r.state = 'wanted';
    return found;
end
$$;
