-- Goes on with a copy in ranges under another snapshot of the provider: those ranges that have not landed will be read under it.
-- Called by: the copier, which has made sure that it contains the ones before. Locks: the position row, the table's row.
-- Returns false when the table is not in `copying` any more.
create or replace function londiste.continue_copy(
    i_queue_name text, i_consumer_name text, i_table_name text, i_fence bigint, i_snapshot txid_snapshot)
returns boolean language plpgsql as $$
begin
    perform londiste.lock_position(i_queue_name, i_consumer_name, i_fence);
    update londiste.table_state t set snapshot_max = i_snapshot
     where t.queue_name = i_queue_name and t.consumer_name = i_consumer_name and t.table_name = i_table_name
       and t.state = 'copying';
    return found;
end
$$;
